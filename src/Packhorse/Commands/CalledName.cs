using Packhorse.Model;
using Packhorse.Output;

namespace Packhorse.Commands;

/// <summary>
/// The name that the program was called by: as <c>pixi-pack</c> and <c>pixi-unpack</c> it takes their arguments, pixi-pack's older
/// <c>pixi-pack pack</c> and <c>pixi-pack unpack</c> too, and ends with their exit codes: 0, 2 for usage, else 1.
/// </summary>
public static class CalledName
{
    /// <param name="called">The name or path of the program as its caller gave it.</param>
    /// <inheritdoc cref="CommandLine.Run(string[], Terminal)"/>
    public static int Run(string called, string[] arguments, Terminal terminal)
    {
        int code;
        switch (Path.GetFileNameWithoutExtension(called))
        {
            case "pixi-pack":
                code = CommandLine.Run(PixiCommands.BuildPack(terminal), arguments, terminal);
                break;
            case "pixi-unpack":
                code = CommandLine.Run(PixiCommands.BuildUnpack(terminal), arguments, terminal);
                break;
            default:
                return CommandLine.Run(arguments, terminal);
        }
        // What a signal ended is above all of ours.
        return code is > (int)ExitClass.Usage and < 128 ? (int)ExitClass.Other : code;
    }
}
