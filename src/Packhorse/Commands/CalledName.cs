using Packhorse.Model;
using Packhorse.Output;

namespace Packhorse.Commands;

/// <summary>
/// The name that the program was called by: as <c>pixi-pack</c> and <c>pixi-unpack</c> it takes their arguments, pixi-pack's older
/// <c>pixi-pack pack</c> and <c>pixi-pack unpack</c> too, and ends with their exit codes: 0, 2 for usage, else 1.
/// </summary>
public static class CalledName
{
    private const string Pack = "pack";
    private const string Unpack = "unpack";

    /// <param name="called">The name or path of the program as its caller gave it.</param>
    /// <inheritdoc cref="CommandLine.Run"/>
    public static int Run(string called, string[] arguments, Terminal terminal)
    {
        string? command = Path.GetFileNameWithoutExtension(called) switch
        {
            "pixi-pack" => Pack,
            "pixi-unpack" => Unpack,
            _ => null,
        };
        if (command is null)
        {
            return CommandLine.Run(arguments, terminal);
        }
        if (arguments is ["--version" or "-V"])
        {
            terminal.Out.WriteLine($"Packhorse {ProgramVersion.Text}");
            return (int)ExitClass.Ok;
        }
        bool isNamed = command == Pack && arguments is [Pack or Unpack, ..];
        int code = CommandLine.Run(isNamed ? arguments : [command, .. arguments], terminal);
        // What a signal ended is above all of ours.
        return code is > (int)ExitClass.Usage and < 128 ? (int)ExitClass.Other : code;
    }
}
