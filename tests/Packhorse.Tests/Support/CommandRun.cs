using Packhorse.Commands;
using Packhorse.Output;

namespace Packhorse.Tests.Support;

/// <summary>One run of the command line inside the test's process, with standard streams of its own.</summary>
/// <param name="Output">Bytes of standard output written as a stream, such as a pack.</param>
/// <param name="Text">Text of standard output.</param>
public sealed record CommandRun(int ExitCode, byte[] Output, string Text, string Error)
{
    public static CommandRun Of(params string[] arguments) => WithInput(Stream.Null, arguments);

    /// <param name="input">Standard input; read from its position on.</param>
    public static CommandRun WithInput(Stream input, params string[] arguments)
    {
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
