using System.Diagnostics;

namespace Packhorse.TestChannel;

/// <summary>Something that the machine must have and has not, or a program of it that failed.</summary>
/// <param name="hint">What to do.</param>
public sealed class MissingToolException(string message, string hint) : Exception(message)
{
    public string Hint => hint;
}

/// <summary>Runs programs of the machine.</summary>
internal static class Tool
{
    /// <param name="mayFail">Do not throw when it exits with something else than 0.</param>
    /// <exception cref="MissingToolException">There is no such program, or it failed.</exception>
    public static (int ExitCode, string Output) Run(
        string program,
        IEnumerable<string> arguments,
        bool mayFail = false,
        IReadOnlyDictionary<string, string>? environment = null
    )
    {
        using Process process = Start(program, arguments, environment);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0 && !mayFail)
        {
            throw new MissingToolException($"{program} exited with {process.ExitCode}", errors.Result.Trim());
        }
        return (process.ExitCode, output);
    }

    /// <summary>Gives what it writes to <paramref name="read"/>.</summary>
    /// <exception cref="MissingToolException">There is no such program, or it failed.</exception>
    public static void Read(string program, IEnumerable<string> arguments, Action<Stream> read)
    {
        using Process process = Start(program, arguments, environment: null);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        read(process.StandardOutput.BaseStream);
        // What is left, such as a tar's padding: a closed pipe would be an error for the program.
        process.StandardOutput.BaseStream.CopyTo(Stream.Null);
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new MissingToolException($"{program} exited with {process.ExitCode}", errors.Result.Trim());
        }
    }

    public static bool Exists(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator)
            .Any(directory => File.Exists(Path.Combine(directory, program)));

    private static Process Start(
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string>? environment
    )
    {
        if (!program.Contains('/', StringComparison.Ordinal) && !Exists(program))
        {
            throw new MissingToolException($"there is no {program} on this machine", "Debian or Ubuntu is needed");
        }
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }
        // Fields such as Depends are not translated, messages are.
        start.Environment["LC_ALL"] = "C.UTF-8";
        Process process = new() { StartInfo = start };
        process.Start();
        process.StandardInput.Close();
        return process;
    }
}
