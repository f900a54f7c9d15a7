using System.CommandLine;
using Packhorse.Completion;
using Packhorse.Model;
using Packhorse.Output;

namespace Packhorse.Commands;

/// <summary><c>packhorse completion</c>, and <c>pixi-pack completion</c>.</summary>
internal static class CompletionCommand
{
    private static readonly string[] Shells = ["bash", "zsh", "fish", "powershell"];

    /// <param name="root">What is completed; the command becomes a part of it.</param>
    public static Command Build(RootCommand root, Terminal terminal)
    {
        var shell = new Argument<string>("SHELL") { Description = $"One of {string.Join(", ", Shells)}." };
        shell.AcceptOnlyFromAmong(Shells);
        var command = new Command("completion", "Print a script that completes the command line of a shell.") { shell };
        Examples.Add(
            command,
            $"source <({root.HelpName} completion bash)",
            $"{root.HelpName} completion fish > ~/.config/fish/completions/{root.HelpName}.fish"
        );
        command.SetAction(parsed => Print(root, parsed.GetRequiredValue(shell), terminal));
        return command;
    }

    /// <summary>The same with pixi-pack's option for the shell.</summary>
    public static Command BuildAsPixiPack(RootCommand root, Terminal terminal)
    {
        var shell = new Option<string>("--shell", "-s")
        {
            Description = $"One of {string.Join(", ", Shells)}.",
            HelpName = "SHELL",
            Required = true,
        };
        shell.AcceptOnlyFromAmong(Shells);
        var command = new Command("completion", "Print a script that completes the command line of a shell.") { shell };
        command.SetAction(parsed => Print(root, parsed.GetRequiredValue(shell), terminal));
        return command;
    }

    private static int Print(RootCommand root, string shell, Terminal terminal)
    {
        var tree = CommandTree.Of(root);
        string script = shell switch
        {
            "bash" => BashCompletion.Write(tree),
            "zsh" => ZshCompletion.Write(tree),
            "fish" => FishCompletion.Write(tree),
            _ => PowerShellCompletion.Write(tree),
        };
        terminal.Out.Write(script);
        return (int)ExitClass.Ok;
    }
}
