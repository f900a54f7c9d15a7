using System.Diagnostics;
using System.Text;

namespace Packhorse.Tests.Support;

/// <summary>A program on a terminal of its own, made by <c>script</c> of util-linux; typed at, and read, as a person would.</summary>
internal sealed class PseudoTerminal : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    // readline scrolls what is wider than a dumb terminal sideways: a prompt with a long path must not push its own beginning out of sight.
    private const string WideTerminal = "/bin/stty cols 4000 rows 50; ";

    private readonly Process _process;
    private readonly StringBuilder _seen = new();
    private readonly Task _reading;
    private int _read;

    /// <param name="command">A line for the shell.</param>
    /// <param name="environment">All of it, but for TERM, which is "dumb" unless given.</param>
    public PseudoTerminal(string command, IReadOnlyDictionary<string, string> environment)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script"), "no script on this machine");
        // A terminal's programs ignore no signals, whatever whoever runs the tests ignores (as a shell's job in the background does).
        string[] script = ["--default-signal", "/usr/bin/script", "-q", "-f", "-e"];
        var start = new ProcessStartInfo("/usr/bin/env", [.. script, "-c", WideTerminal + command, "/dev/null"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        start.Environment["TERM"] = "dumb";
        start.Environment["SHELL"] = "/bin/sh";
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }
        _process = Process.Start(start)!;
        _reading = Task.Run(ReadAsync);
    }

    /// <summary>All that was seen so far.</summary>
    public string Seen
    {
        get
        {
            lock (_seen)
            {
                return _seen.ToString();
            }
        }
    }

    public void Type(string text)
    {
        _process.StandardInput.Write(text);
        _process.StandardInput.Flush();
    }

    /// <summary>Waits for a text after the one that was waited for last.</summary>
    /// <returns>What came before it.</returns>
    public string WaitFor(string text)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            string seen = Seen;
            int found = seen.IndexOf(text, _read, StringComparison.Ordinal);
            if (found >= 0)
            {
                string before = seen[_read..found];
                _read = found + text.Length;
                return before;
            }
            Assert.True(
                TimeProvider.System.GetElapsedTime(start) < Patience && !(_process.HasExited && _reading.IsCompleted),
                $"never seen: {text}\n{seen}"
            );
            Thread.Sleep(10);
        }
    }

    /// <returns>The program's exit code.</returns>
    public int WaitForExit()
    {
        Assert.True(_process.WaitForExit(Patience), $"still running\n{Seen}");
        _reading.Wait();
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }
        _process.Dispose();
    }

    private async Task ReadAsync()
    {
        var block = new char[4096];
        int count;
        while ((count = await _process.StandardOutput.ReadAsync(block)) > 0)
        {
            lock (_seen)
            {
                _seen.Append(block, 0, count);
            }
        }
    }
}
