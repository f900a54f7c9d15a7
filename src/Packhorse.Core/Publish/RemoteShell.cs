using System.Globalization;
using System.Reflection;
using System.Text;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Publish;

/// <summary>How other machines are reached.</summary>
/// <param name="Program"><c>ssh</c>, or what takes the same arguments.</param>
/// <param name="Variables">All that it gets.</param>
/// <param name="Tell">Called with what it writes to standard error: banners, instructions.</param>
public sealed record SshProgram(string Program, IReadOnlyDictionary<string, string> Variables, Action<string> Tell);

/// <summary>
/// An <c>sh</c> on another machine that is asked one thing after another: one connection, so one login, however many steps. Passwords and
/// questions about keys are between <c>ssh</c> and the terminal.
/// </summary>
/// <remarks>
/// A request is a line with a number of bytes and so many bytes of shell text, a call of a function of <c>remote.sh</c>; the answer is a line. Nothing
/// is sent behind a request, or behind the content of a file, before it has been answered: a shell there may read ahead.
/// </remarks>
internal sealed class RemoteShell : IDisposable
{
    private const string Mark = "packhorse ";
    private const int LineBytes = 64 << 10;

    // What a login may print before.
    private const int NoiseBytes = 1 << 20;

    private readonly SshTarget _target;
    private readonly PipedProcess _process;
    private readonly byte[] _buffer = new byte[LineBytes];
    private int _start;
    private int _end;

    private RemoteShell(SshTarget target, PipedProcess process)
    {
        _target = target;
        _process = process;
    }

    /// <exception cref="PackhorseException">No connection, no trust, no permission, no shell: see <see cref="SshFailure"/>.</exception>
    public static RemoteShell Start(SshTarget target, SshProgram ssh, CancellationToken cancellation)
    {
        byte[] script = ReadScript();
        // Quoted so that csh and fish, which may be the account's shell, take it as sh does: no backslash, no quote, no "!".
        string command = string.Create(
            CultureInfo.InvariantCulture,
            $"exec sh -c 'eval \"$(head -c {script.Length})\"'"
        );
        PipedProcess process =
            PipedProcess.TryStart(ssh.Program, [.. Options, .. target.Words, command], ssh.Variables, ssh.Tell)
            ?? throw new NotFoundException(
                ErrorCodes.FileNotFound,
                $"{EntryPath.Quote(ssh.Program)} cannot be started, and other machines are reached by it"
            )
            {
                Hint = "install OpenSSH's client, or name another program with --ssh",
            };
        var shell = new RemoteShell(target, process);
        try
        {
            shell.Begin(script, cancellation);
        }
        catch
        {
            shell.Dispose();
            throw;
        }
        return shell;
    }

    // No terminal, no forwarding of anything, nothing that the configuration starts in its place; a dead connection is noticed.
    private static string[] Options =>
        [
            "-T",
            "-a",
            "-x",
            "-e",
            "none",
            "-o",
            "ClearAllForwardings=yes",
            "-o",
            "RemoteCommand=none",
            "-o",
            "ServerAliveInterval=30",
        ];

    /// <summary>Calls a function of <c>remote.sh</c>.</summary>
    /// <param name="call">Its name and its arguments.</param>
    /// <returns>The words of the answer.</returns>
    /// <exception cref="PackhorseException">It was refused there, or the connection is gone.</exception>
    public string[] Ask(string[] call, CancellationToken cancellation)
    {
        using CancellationTokenRegistration _ = cancellation.Register(_process.Kill);
        Send(Request(call));
        return NextAnswer(cancellation);
    }

    /// <summary>Calls a function that reads from standard input when it has said that it does.</summary>
    /// <param name="content">Sends what it reads, by a function that returns false when nobody reads any more.</param>
    /// <inheritdoc cref="Ask" path="/param"/>
    /// <inheritdoc cref="Ask" path="/returns"/>
    /// <inheritdoc cref="Ask" path="/exception"/>
    public string[] AskWith(
        string[] call,
        Action<Func<ReadOnlySpan<byte>, bool>> content,
        CancellationToken cancellation
    )
    {
        using CancellationTokenRegistration _ = cancellation.Register(_process.Kill);
        Send(Request(call));
        NextAnswer(cancellation);
        content(Send);
        return NextAnswer(cancellation);
    }

    /// <summary>The next line of an answer that has several.</summary>
    public string[] Next(CancellationToken cancellation)
    {
        using CancellationTokenRegistration _ = cancellation.Register(_process.Kill);
        return NextAnswer(cancellation);
    }

    /// <summary>Gives the shell there time to remove what was on its way.</summary>
    public void End()
    {
        try
        {
            _process.Input.Close();
            while (_process.Output.Read(_buffer) > 0) { }
        }
        catch (IOException)
        {
            // It has ended.
        }
    }

    /// <summary>Breaks the connection off.</summary>
    public void Break() => _process.Kill();

    public void Dispose() => _process.Dispose();

    private void Begin(byte[] script, CancellationToken cancellation)
    {
        using CancellationTokenRegistration _ = cancellation.Register(_process.Kill);
        Send(script);
        var noise = new StringBuilder();
        while (ReadLine() is { } line && noise.Length < NoiseBytes)
        {
            if (line.StartsWith(Mark, StringComparison.Ordinal))
            {
                // Ready, or refused at once.
                CheckRefusal(line);
                return;
            }
            noise.AppendLine(line);
        }
        CheckInterrupted(cancellation);
        // Endless noise.
        if (noise.Length >= NoiseBytes)
        {
            _process.Kill();
        }
        string error = _process.WaitForError();
        throw SshFailure.NotConnected(_target, _process.ExitCode, error, noise.ToString());
    }

    private static byte[] Request(string[] call)
    {
        string text = string.Join(' ', call.Select(ShellText.Quote));
        string length = Encoding.UTF8.GetByteCount(text).ToString(CultureInfo.InvariantCulture);
        return Encoding.UTF8.GetBytes($"{length}\n{text}");
    }

    // False: why, the answer says, or standard error.
    private bool Send(ReadOnlySpan<byte> bytes)
    {
        try
        {
            _process.Input.Write(bytes);
            _process.Input.Flush();
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private string[] NextAnswer(CancellationToken cancellation)
    {
        while (ReadLine() is { } line)
        {
            if (line.StartsWith(Mark, StringComparison.Ordinal))
            {
                return CheckRefusal(line);
            }
        }
        CheckInterrupted(cancellation);
        throw SshFailure.Cut(_target, _process.WaitForError());
    }

    private string[] CheckRefusal(string line)
    {
        string[] words = line[Mark.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words is ["refused", var kind, ..]
            ? throw SshFailure.Refused(_target, kind, words.Length > 2 ? Text(words[2]) : "")
            : words;
    }

    // Ctrl-C ends ssh too, and its end may be seen before the signal is.
    private static void CheckInterrupted(CancellationToken cancellation)
    {
        _ = cancellation.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(300));
        cancellation.ThrowIfCancellationRequested();
    }

    /// <summary>What stands in an answer as hexadecimal digits.</summary>
    /// <exception cref="CorruptDataException">They are none.</exception>
    internal static string Text(string digits) => Encoding.UTF8.GetString(Bytes(digits));

    /// <inheritdoc cref="Text"/>
    internal static byte[] Bytes(string digits)
    {
        try
        {
            return Convert.FromHexString(digits);
        }
        catch (FormatException error)
        {
            throw new CorruptDataException(
                ErrorCodes.Malformed,
                "the shell there answered something else than was asked",
                error
            );
        }
    }

    /// <returns>Null at the end. A longer line than any answer comes in pieces.</returns>
    private string? ReadLine()
    {
        while (true)
        {
            int length = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            bool isFull = length < 0 && _end - _start == _buffer.Length;
            if (length >= 0 || isFull)
            {
                string line = Encoding.UTF8.GetString(_buffer, _start, isFull ? _buffer.Length : length);
                _start = isFull ? _end : _start + length + 1;
                return line;
            }
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
            int count = ReadSome();
            if (count == 0)
            {
                return null;
            }
            _end += count;
        }
    }

    private int ReadSome()
    {
        try
        {
            return _process.Output.Read(_buffer, _end, _buffer.Length - _end);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static byte[] ReadScript()
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("Packhorse.Publish.remote.sh")!;
        using var all = new MemoryStream();
        stream.CopyTo(all);
        return all.ToArray();
    }
}
