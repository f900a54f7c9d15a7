using System.Diagnostics;

namespace Packhorse.Tests.Support;

/// <summary>A program of the machine, such as <c>tar</c>, against which our own formats are held.</summary>
public static class StockTool
{
    /// <summary>Runs it to its end; skips the running test when the machine has no such program.</summary>
    /// <returns>What it wrote to its standard output.</returns>
    public static string Run(string program, params IEnumerable<string> arguments)
    {
        Assert.SkipUnless(IsInstalled(program), $"no {program} on this machine");
        using Process process = new();
        process.StartInfo = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["LC_ALL"] = "C.UTF-8", ["TZ"] = "UTC" },
        };
        process.Start();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} exited with {process.ExitCode}: {errors.Result}");
        return output;
    }

    public static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator)
            .Any(directory => File.Exists(Path.Combine(directory, program)));
}
