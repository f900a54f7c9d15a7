using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Packhorse.EndToEnd;

/// <summary>What a program said.</summary>
public sealed record Outcome(int ExitCode, string Output, string Error)
{
    /// <summary>Fails the test with what the program said, unless it ended well.</summary>
    public Outcome Succeeded()
    {
        Assert.True(ExitCode == 0, $"exit code {ExitCode}\n{Output}\n{Error}");
        return this;
    }
}

/// <summary>Runs the executable that people install, as <c>dotnet build.cs publish</c> made it.</summary>
public static class Published
{
    public static string Packhorse
    {
        get
        {
            string path = Path.Combine(Root(), "artifacts", "publish", "packhorse");
            Assert.SkipUnless(File.Exists(path), "no published executable (dotnet build.cs publish makes it)");
            return path;
        }
    }

    /// <summary>The directory of the sources.</summary>
    public static string Repository => Root();

    public static Outcome Run(params string[] arguments) => Start(Packhorse, arguments);

    /// <param name="environment">The whole environment; inherited if not given.</param>
    public static Outcome Start(
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string>? environment = null
    )
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (environment is not null)
        {
            start.Environment.Clear();
            foreach ((string name, string value) in environment)
            {
                start.Environment[name] = value;
            }
        }
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new Outcome(process.ExitCode, output, error.Result);
    }

    private static string Root([CallerFilePath] string path = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", ".."));
}
