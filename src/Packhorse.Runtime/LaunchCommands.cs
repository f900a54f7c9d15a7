using System.Text;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Output;
using Packhorse.Pack;
using Packhorse.Run;

namespace Packhorse.Runtime;

/// <summary><c>run</c> and <c>shell</c>: what they return is an exit code, and only when nothing was started.</summary>
internal static class LaunchCommands
{
    private static readonly OptionSpec[] Options =
    [
        .. CommandContext.CommonOptions,
        new("--into", '\0', TakesValue: true),
    ];

    public static int Run(CommandContext context, string[] arguments)
    {
        var options = new OptionReader(Options, arguments, stopsAtFirst: true);
        if (context.HasAnswered(options))
        {
            return 0;
        }
        (string pack, string[] command) = Split(context.Invocation, options.Rest);
        if (command.Length == 0)
        {
            throw new UsageException(ErrorCodes.BadArguments, "there is no command to run")
            {
                Hint = $"{Path.GetFileName(context.Invocation.ProgramName)} run -- python script.py",
            };
        }
        byte[][] raw = Raw(context.Invocation, command);
        (Activation activation, ProcessEnvironment environment) = Provide(context, pack, options);
        var request = new LaunchRequest
        {
            Activation = activation,
            Command = raw,
            Environment = environment,
        };
        return Launcher.StartAsShell(request, message => context.Error.WriteLine($"packhorse: {message}"));
    }

    public static int Shell(CommandContext context, string[] arguments)
    {
        var options = new OptionReader(Options, arguments, stopsAtFirst: false);
        if (context.HasAnswered(options))
        {
            return 0;
        }
        string pack = context.PackOf(options.Rest);
        (Activation activation, ProcessEnvironment environment) = Provide(context, pack, options);
        string name = Path.GetFileNameWithoutExtension(pack);
        InteractiveShell.Start(activation, environment, name, $"{activation.Prefix}.bashrc");
        return 0;
    }

    private static (string Pack, string[] Command) Split(Invocation invocation, IReadOnlyList<string> rest)
    {
        string[] arguments = [.. rest];
        if (invocation.File is { } file)
        {
            return (file, arguments);
        }
        return arguments switch
        {
            [] => throw new UsageException(ErrorCodes.BadArguments, "there is no pack to run a command of"),
            [var pack, "--", .. var command] => (pack, command),
            [var pack, .. var command] => (pack, command),
        };
    }

    // The command as this process got it: its arguments are the last ones, and need be no text.
    private static byte[][] Raw(Invocation invocation, string[] command) =>
        ProcessImage.Arguments() is { } raw && raw.Count == invocation.Skipped + invocation.Arguments.Length
            ? [.. raw.Skip(raw.Count - command.Length)]
            : [.. command.Select(Encoding.UTF8.GetBytes)];

    private static (Activation Activation, ProcessEnvironment Environment) Provide(
        CommandContext context,
        string pack,
        OptionReader options
    )
    {
        using PackContents contents = PackContents.Open(pack);
        EnvironmentStore store = EnvironmentStore.Open(
            options.Value("--into"),
            EnvironmentVariables.CondorScratchDirectory,
            EnvironmentVariables.TemporaryDirectory,
            EnvironmentStore.LastResort
        );
        PlainReporter reporter = context.Reporter(options, Verbosity.Quiet);
        string prefix = context.Interruptibly(token =>
            store.Provide(contents, (HostPlatform.Current, Environment.ProcessorCount), reporter, token)
        );
        var environment = new ProcessEnvironment(ProcessImage.InitialEnvironment() ?? EnvironmentVariables.All);
        ScratchHome.Provide(environment, store.Home, prefix);
        return (Activation.Read(prefix), environment);
    }
}
