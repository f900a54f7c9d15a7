using System.Runtime.Versioning;
using System.Text;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.Mount;
using Packhorse.Os;

namespace Packhorse.Run;

/// <summary>
/// This program as the process that becomes the command, where the environment is mounted: only there its files can be read, and its
/// programs found.
/// </summary>
[SupportedOSPlatform("linux")]
public static class StartRole
{
    private const string Command = "run";
    private const string Shell = "shell";

    // Thousandths of the memory: when it runs out, the command is chosen before the server that it needs.
    private const int ChosenBeforeServer = 50;

    private const string Compiled = "compiled";
    private const string Ahead = "ahead";

    /// <param name="command">Null: an interactive shell.</param>
    internal static IReadOnlyList<byte[]> Arguments(StartPlace place, IReadOnlyList<byte[]>? command)
    {
        string[] own =
        [
            MountRole.Start,
            command is null ? Shell : Command,
            place.Prefix,
            place.Name,
            place.Scratch ?? "",
            place.IsCompiled ? Compiled : "",
            place.IsAskedAhead ? Ahead : "",
        ];
        return ["packhorse"u8.ToArray(), .. own.Select(Encoding.UTF8.GetBytes), .. command ?? []];
    }

    /// <param name="arguments">Of this process.</param>
    /// <param name="tell">Gets sentences for the job's log.</param>
    /// <returns>The exit code of this or another role of a mount's; null when these are other arguments.</returns>
    public static int? Execute(string[] arguments, Action<string> tell)
    {
        if (MountRole.Execute(arguments, tell) is { } exitCode)
        {
            return exitCode;
        }
        if (
            arguments
            is not [
                MountRole.Start,
                var kind,
                var prefix,
                var name,
                var scratch,
                var compiled,
                var ahead,
                .. var command,
            ]
        )
        {
            return null;
        }
        Processes.RaiseOutOfMemoryScore(Processes.Own, ChosenBeforeServer);
        var variables = new ProcessEnvironment(ProcessImage.InitialEnvironment() ?? []);
        try
        {
            if (scratch.Length > 0)
            {
                ProvideHome(variables, scratch, prefix, compiled == Compiled, tell);
            }
            Activation activation = Activation.Read(prefix);
            foreach (string warning in activation.Warnings)
            {
                tell($"warning: {warning}");
            }
            if (kind == Shell)
            {
                string directory = scratch.Length > 0 ? scratch : "/tmp";
                InteractiveShell.Start(activation, variables, name, Path.Combine(directory, $"{name}.bashrc"));
            }
            var launch = new LaunchRequest
            {
                Activation = activation,
                Command = RawArguments.Of(command),
                Environment = variables,
            };
            if (ahead == Ahead && command.Length > 0)
            {
                // Not before: what this process itself reads of the mount would wait behind it.
                ProgramAhead.Ask(prefix, command[0]);
            }
            return Launcher.StartAsShell(launch, tell);
        }
        catch (PackhorseException failure)
        {
            tell($"not started: {failure.Message}");
            return NotStarted.ExitCode(failure.ExitClass);
        }
    }

    // The environment is there without anything in scratch space, which may be full: many programs want no home.
    private static void ProvideHome(
        ProcessEnvironment variables,
        string scratch,
        string prefix,
        bool isCompiled,
        Action<string> tell
    )
    {
        try
        {
            ScratchHome.Provide(variables, Path.Combine(scratch, "home"), prefix, isCompiled);
        }
        catch (PackhorseException failure)
        {
            tell($"warning: there is no home for what programs keep: {failure.Message}");
        }
    }
}

/// <summary>An environment as those know it who are started in it.</summary>
/// <param name="Name">For a shell's prompt.</param>
/// <param name="Scratch">A directory of this user's for what programs keep; null: there is none.</param>
/// <param name="IsCompiled">All Python modules are there compiled.</param>
internal sealed record StartPlace(string Prefix, string Name, string? Scratch, bool IsCompiled)
{
    /// <summary>The kernel is asked for all of the command's program before it begins.</summary>
    public bool IsAskedAhead { get; init; } = true;
}
