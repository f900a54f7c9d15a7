using System.CommandLine;
using System.CommandLine.Help;
using Packhorse.Output;

namespace Packhorse.Commands;

/// <summary><c>packhorse condor</c>: what has to do with HTCondor.</summary>
internal static class CondorCommand
{
    public static Command Build(Terminal terminal)
    {
        var command = new Command(
            "condor",
            "Write, check and submit jobs for HTCondor, and explain what became of them."
        );
        command.Subcommands.Add(CondorInitCommand.Build(terminal));
        command.Subcommands.Add(CondorCheckCommand.Build(terminal));
        command.Subcommands.Add(CondorSubmitCommands.BuildSubmit(terminal));
        command.Subcommands.Add(CondorSubmitCommands.BuildInteract(terminal));
        command.Subcommands.Add(CondorExplainCommand.Build(terminal));
        command.SetAction(parsed => new HelpAction().Invoke(parsed));
        return command;
    }
}
