using System.Diagnostics;

namespace Packhorse.Tests.BadInput;

/// <summary>The command as a process of its own, for what only a process can show: signals, closed streams, another user.</summary>
internal sealed class PackhorseProcess : IDisposable
{
    // Far above what anything here takes on a busy machine; a process that hangs is a failure.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Task<string> _error;

    private PackhorseProcess(Process process)
    {
        Process = process;
        _error = process.StandardError.ReadToEndAsync();
    }

    /// <summary>The program as the tests were built with it.</summary>
    public static string Program { get; } = Path.Combine(AppContext.BaseDirectory, "packhorse.dll");

    public Process Process { get; }

    public static PackhorseProcess Start(params string[] arguments) => StartProgram("dotnet", [Program, .. arguments]);

    /// <summary>A line of shell, in which <c>"$@"</c> is the command.</summary>
    public static PackhorseProcess Shell(string line, params string[] arguments) =>
        StartProgram("sh", ["-c", line, "sh", "dotnet", Program, .. arguments]);

    public static PackhorseProcess StartProgram(string program, params string[] arguments)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux");
        var process = new Process
        {
            StartInfo = new ProcessStartInfo(program, arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { ["TERM"] = "dumb", ["DOTNET_NOLOGO"] = "1" },
            },
        };
        process.Start();
        return new PackhorseProcess(process);
    }

    public void Signal(int number) =>
        Process
            .Start("kill", [$"-{number}", Process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)])
            .WaitForExit();

    /// <returns>The exit code and what was said; standard output is not read.</returns>
    public (int ExitCode, string Error) Wait()
    {
        if (!Process.WaitForExit(Patience))
        {
            Process.Kill();
            Assert.Fail($"still running after {Patience}: {_error.Result}");
        }
        return (Process.ExitCode, _error.Result);
    }

    /// <summary>Until something is so, which it has to become.</summary>
    public static void Until(Func<bool> condition, string what)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Patience, $"never: {what}");
            Thread.Sleep(5);
        }
    }

    public void Dispose()
    {
        if (!Process.HasExited)
        {
            Process.Kill();
        }
        Process.Dispose();
    }
}
