using System.Diagnostics;

namespace Packhorse.Os;

/// <summary>
/// A program that is asked through its standard input and answers on its standard output. It is killed when it is disposed; what it writes to standard
/// error is kept, the last of it.
/// </summary>
public sealed class PipedProcess : IDisposable
{
    private const int ErrorCharacters = 4096;

    private readonly Process _process;
    private readonly Thread _errors;
    private readonly Action<string>? _tell;
    private string _error = "";

    private PipedProcess(Process process, Action<string>? tell)
    {
        _process = process;
        _tell = tell;
        _errors = new Thread(ReadErrors) { IsBackground = true, Name = "errors of a program" };
        _errors.Start();
    }

    /// <summary>Writing fails with <see cref="IOException"/> when the program has ended.</summary>
    public Stream Input => _process.StandardInput.BaseStream;

    public Stream Output => _process.StandardOutput.BaseStream;

    /// <param name="environment">All variables that it gets.</param>
    /// <param name="tell">Called, from another thread, with what it writes to standard error, as it comes.</param>
    /// <returns>Null when it cannot be started.</returns>
    public static PipedProcess? TryStart(
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string> environment,
        Action<string>? tell = null
    )
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment.Clear();
        foreach ((string name, string value) in environment)
        {
            start.Environment.Add(name, value);
        }
        try
        {
            return Process.Start(start) is { } process ? new PipedProcess(process, tell) : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    /// <summary>128 and the number of the signal that ended it; after <see cref="WaitForError"/>.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Waits until it has ended.</summary>
    /// <returns>The end of what it wrote to standard error.</returns>
    public string WaitForError()
    {
        _process.WaitForExit();
        _errors.Join();
        return _error;
    }

    /// <summary>Ends it and what it started; whoever reads from it sees the end of its output.</summary>
    public void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended.
        }
    }

    public void Dispose()
    {
        Kill();
        _errors.Join();
        _process.Dispose();
    }

    private void ReadErrors()
    {
        var buffer = new char[ErrorCharacters];
        int count;
        while ((count = _process.StandardError.Read(buffer)) > 0)
        {
            string text = new(buffer, 0, count);
            _tell?.Invoke(text);
            string all = _error + text;
            _error = all[Math.Max(0, all.Length - ErrorCharacters)..];
        }
    }
}
