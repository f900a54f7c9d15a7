using System.Diagnostics;
using Packhorse.Commands;
using Packhorse.Output;

namespace Packhorse.Tests.Support;

/// <summary>
/// One run of the command line inside the test's process, with standard streams of its own. When PACKHORSE_TEST_UNPACKER names a
/// published runtime, "unpack" is that program's: so the tests of unpacking hold for what nodes get too.
/// </summary>
/// <param name="Output">Bytes of standard output written as a stream, such as a pack.</param>
/// <param name="Text">Text of standard output.</param>
public sealed record CommandRun(int ExitCode, byte[] Output, string Text, string Error)
{
    // Which the runtime does not have.
    private static readonly string[] OptionsOfTheCommand = ["--dry-run", "--json", "--no-wait"];

    public static CommandRun Of(params string[] arguments) => WithInput(Stream.Null, arguments);

    /// <param name="input">Standard input; read from its position on.</param>
    public static CommandRun WithInput(Stream input, params string[] arguments)
    {
        string? unpacker = Environment.GetEnvironmentVariable("PACKHORSE_TEST_UNPACKER");
        if (unpacker is not null && arguments[0] == "unpack" && !arguments.Intersect(OptionsOfTheCommand).Any())
        {
            // It takes as many workers as there are processors.
            return Start(unpacker, input, [.. arguments.Where(argument => !argument.StartsWith("--workers"))]);
        }
        using var output = new MemoryStream();
        using var text = new StringWriter();
        using var error = new StringWriter();
        var terminal = new Terminal
        {
            OpenInput = () => input,
            OpenOutput = () => output,
            Out = TextWriter.Synchronized(text),
            Error = TextWriter.Synchronized(error),
        };
        int exitCode = CommandLine.Run(arguments, terminal);
        return new CommandRun(exitCode, output.ToArray(), text.ToString(), error.ToString());
    }

    private static CommandRun Start(string program, Stream input, string[] arguments)
    {
        using Process process = new();
        process.StartInfo = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        process.Start();
        Task<string> error = process.StandardError.ReadToEndAsync();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        try
        {
            input.CopyTo(process.StandardInput.BaseStream);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It did not want all of its input.
        }
        process.WaitForExit();
        return new CommandRun(process.ExitCode, [], output.Result, error.Result);
    }

    /// <summary>Fails the test with what the command said, unless it ended well.</summary>
    public CommandRun Successful()
    {
        Assert.True(ExitCode == 0, $"exit code {ExitCode}: {Error}");
        return this;
    }

    /// <summary>Fails the test with what the command said, unless it ended with this code.</summary>
    public CommandRun Failed(int exitCode)
    {
        Assert.True(ExitCode == exitCode, $"exit code {ExitCode}, expected {exitCode}: {Error}");
        return this;
    }
}
