using System.Runtime.InteropServices;

namespace Packhorse.Bench.Pools;

/// <summary>What is undone at the end, the last first; also when the program is interrupted, which ends it.</summary>
internal sealed class Cleanup : IDisposable
{
    private const int InterruptedCode = 130;

    private readonly System.Threading.Lock _undoing = new();
    private readonly Stack<Action> _actions = new();
    private readonly PosixSignalRegistration[] _signals;

    public Cleanup() =>
        _signals = [
            .. ((PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP]).Select(signal =>
                PosixSignalRegistration.Create(signal, Interrupted)
            ),
        ];

    public void Add(Action undo)
    {
        lock (_undoing)
        {
            _actions.Push(undo);
        }
    }

    /// <summary>A directory that is not there afterwards.</summary>
    public string MakeDirectory(string prefix)
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory(prefix);
        Add(() => directory.Delete(recursive: true));
        return directory.FullName;
    }

    public void Dispose()
    {
        foreach (PosixSignalRegistration signal in _signals)
        {
            signal.Dispose();
        }
        lock (_undoing)
        {
            UndoAll();
        }
    }

    private void Interrupted(PosixSignalContext context)
    {
        context.Cancel = true;
        // Held until the end: what fails meanwhile because a pool is gone comes no further than to Dispose.
        lock (_undoing)
        {
            UndoAll();
            Console.Error.WriteLine("interrupted; all that was started has ended");
            Environment.Exit(InterruptedCode);
        }
    }

    private void UndoAll()
    {
        while (_actions.TryPop(out Action? undo))
        {
            try
            {
                undo();
            }
            catch (IOException failure)
            {
                Console.Error.WriteLine(failure.Message);
            }
        }
    }
}
