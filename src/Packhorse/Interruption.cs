using System.Runtime.InteropServices;

namespace Packhorse;

/// <summary>
/// Ctrl-C and the signals by which batch systems end a job. The first one asks the command to stop and to put away what is unfinished;
/// a second one ends the process at once, and what is left then is put away by the next run.
/// </summary>
public sealed class Interruption : IDisposable
{
    // 128 + SIGINT, when nothing is known of a signal.
    private const int DefaultExitCode = 130;

    private readonly CancellationTokenSource _source = new();
    private readonly List<PosixSignalRegistration> _registrations = [];

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>What shells make of a process that a signal ended: 128 and the signal's number.</summary>
    public int ExitCode { get; private set; } = DefaultExitCode;

    /// <param name="error">Told that the signal was heard.</param>
    public static Interruption OfProcess(TextWriter error)
    {
        var interruption = new Interruption();
        interruption.Listen(PosixSignal.SIGINT, 2, error);
        interruption.Listen(PosixSignal.SIGTERM, 15, error);
        interruption.Listen(PosixSignal.SIGHUP, 1, error);
        return interruption;
    }

    /// <summary>Gives signals back to whatever the caller of this process had made of them.</summary>
    public void StopListening()
    {
        _registrations.ForEach(registration => registration.Dispose());
        _registrations.Clear();
    }

    public void Dispose()
    {
        StopListening();
        _source.Dispose();
    }

    /// <summary>As if the signal had come.</summary>
    /// <returns>False when it is not the first.</returns>
    public bool Raise(int signal)
    {
        lock (_source)
        {
            if (_source.IsCancellationRequested)
            {
                return false;
            }
            ExitCode = 128 + signal;
        }
        _source.Cancel();
        return true;
    }

    private void Listen(PosixSignal signal, int number, TextWriter error)
    {
        try
        {
            _registrations.Add(
                PosixSignalRegistration.Create(
                    signal,
                    context =>
                    {
                        context.Cancel = Raise(number);
                        if (context.Cancel)
                        {
                            error.WriteLine("interrupted: putting away what is unfinished (once more to stop at once)");
                        }
                    }
                )
            );
        }
        catch (Exception unavailable) when (unavailable is PlatformNotSupportedException or IOException)
        {
            // Then the signal does what it does by default.
        }
    }
}
