using System.CommandLine;
using Packhorse.Commands;
using Packhorse.Tests.SelfExtracting;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Completion;

/// <summary>What the command says of itself.</summary>
public sealed class HelpTests
{
    public static TheoryData<string> Commands =>
        [.. CommandLine.BuildRoot(SmallPack.MakeTerminal(TextWriter.Null)).Subcommands.SelectMany(Paths)];

    // Also of those that cannot do anything without arguments.
    [Theory]
    [MemberData(nameof(Commands))]
    public void Every_command_helps_and_says_how_it_is_called(string command)
    {
        foreach (string option in (string[])["--help", "-h"])
        {
            CommandRun run = CommandRun.Of([.. command.Split(' '), option]);

            Assert.Equal((0, ""), (run.ExitCode, run.Error));
            Assert.Contains($"packhorse {command}", run.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Help_of_the_command_that_is_started_is_its_own()
    {
        CommandRun run = CommandRun.Of("run", "nothing.tar", "python", "--help");

        Assert.Equal(113, run.ExitCode);
        Assert.Contains("nothing.tar", run.Error, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Paths(Command command) =>
        command.Subcommands.Count == 0
            ? [command.Name]
            : command.Subcommands.SelectMany(Paths).Select(name => $"{command.Name} {name}");
}
