using System.CommandLine;
using Packhorse.Output;

namespace Packhorse.Commands;

/// <summary>
/// The command lines of pixi-pack and pixi-unpack, with their options and no others, so that a mistake is one here too. pixi-pack's
/// older <c>pixi-pack pack</c> and <c>pixi-pack unpack</c> are known, and not shown.
/// </summary>
internal static class PixiCommands
{
    public static RootCommand BuildPack(Terminal terminal)
    {
        var root = new RootCommand("Pack an environment of a pixi project, by its lock file. (This is Packhorse.)")
        {
            HelpName = "pixi-pack",
        };
        PackCommand.AddAsPixiPack(root, terminal);
        var pack = new Command("pack") { Hidden = true };
        PackCommand.AddAsPixiPack(pack, terminal);
        var unpack = new Command("unpack") { Hidden = true };
        UnpackCommand.AddAsPixiUnpack(unpack, terminal);
        root.Subcommands.Add(pack);
        root.Subcommands.Add(unpack);
        root.Subcommands.Add(CompletionCommand.BuildAsPixiPack(root, terminal));
        return root;
    }

    public static RootCommand BuildUnpack(Terminal terminal)
    {
        var root = new RootCommand("Make an environment of a pack. (This is Packhorse.)") { HelpName = "pixi-unpack" };
        UnpackCommand.AddAsPixiUnpack(root, terminal);
        root.Subcommands.Add(CompletionCommand.BuildAsPixiPack(root, terminal));
        return root;
    }
}
