using Packhorse.Model;
using Packhorse.Mount;
using Packhorse.Os;
using Packhorse.Output;
using Packhorse.Pack;
using Packhorse.Run;

namespace Packhorse.Runtime;

/// <summary><c>run</c> and <c>shell</c>: what they return is an exit code, and only when this process did not become the command.</summary>
internal static class LaunchCommands
{
    private static readonly OptionSpec[] Options =
    [
        .. CommandContext.CommonOptions,
        .. CommandContext.ExpectOptions,
        new("--into", '\0', TakesValue: true),
        new("--start", '\0', TakesValue: true),
        new("--override-virtual", '\0', TakesValue: true),
        new("--writable", '\0', TakesValue: false),
        new("--explain", '\0', TakesValue: false),
        new("--output", 'o', TakesValue: true),
    ];

    public static int Run(CommandContext context, string[] arguments)
    {
        var options = new OptionReader(Options, arguments, stopsAtFirst: true);
        if (context.HasAnswered(options))
        {
            return 0;
        }
        (string pack, string[] command) = Split(context.Invocation, options.Rest);
        if (options.Has("--explain"))
        {
            foreach (
                string line in EnvironmentProvider.Explain(
                    Request(context, pack, command, options),
                    SilentReporter.Instance
                )
            )
            {
                context.Output.WriteLine(line);
            }
            return 0;
        }
        if (command.Length == 0)
        {
            throw new UsageException(ErrorCodes.BadArguments, "there is no command to run")
            {
                Hint = $"{Path.GetFileName(context.Invocation.ProgramName)} run -- python script.py",
            };
        }
        return Start(context, Request(context, pack, command, options), options, command);
    }

    public static int Shell(CommandContext context, string[] arguments)
    {
        var options = new OptionReader(Options, arguments, stopsAtFirst: false);
        if (context.HasAnswered(options))
        {
            return 0;
        }
        string pack = context.PackOf(options.Rest);
        return Start(context, Request(context, pack, [], options), options, []);
    }

    /// <summary><c>mount DIR [CMD…]</c>: the environment appears at a directory that the user names.</summary>
    public static int Mount(CommandContext context, string[] arguments)
    {
        var options = new OptionReader(Options, arguments, stopsAtFirst: true);
        if (context.HasAnswered(options))
        {
            return 0;
        }
        (string pack, string[] rest) = Split(context.Invocation, options.Rest);
        if (rest is not [var directory, .. var command])
        {
            throw new UsageException(ErrorCodes.BadArguments, "there is no directory to mount at");
        }
        command = command is ["--", .. var behind] ? behind : command;
        StartRequest request = Request(context, pack, command, options);
        return Start(context, request.At(directory), options, command);
    }

    /// <summary><c>record CMD…</c>: notes what the command needs of the image, for <c>pack --record-from</c>.</summary>
    public static int Record(CommandContext context, string[] arguments)
    {
        var options = new OptionReader(Options, arguments, stopsAtFirst: true);
        if (context.HasAnswered(options))
        {
            return 0;
        }
        (string pack, string[] command) = Split(context.Invocation, options.Rest);
        StartRequest request = Request(context, pack, command, options);
        string output = options.Value("--output") ?? Path.GetFileName(pack) + ".record.json";
        return Start(context, request.Recording(output), options, command);
    }

    /// <summary><c>enter [CMD…]</c>: into the environment that another process of this user has mounted.</summary>
    public static int Enter(CommandContext context, string[] arguments)
    {
        var options = new OptionReader(
            [.. Options, new("--name", 'n', TakesValue: true)],
            arguments,
            stopsAtFirst: true
        );
        if (context.HasAnswered(options))
        {
            return 0;
        }
        IReadyEnvironment environment = EnvironmentProvider.Enter(
            options.Value("--into"),
            [EnvironmentVariables.CondorScratchDirectory, EnvironmentVariables.TemporaryDirectory],
            options.Value("--name"),
            Variables()
        );
        string[] command = [.. options.Rest];
        return command.Length == 0 ? environment.Shell() : environment.Run(RawArguments.Of(command), Tell(context));
    }

    private static int Start(CommandContext context, StartRequest request, OptionReader options, string[] command)
    {
        PlainReporter reporter = context.Reporter(options, Verbosity.Quiet);
        ExpectedFile expected = CommandContext.Expected(options);
        IReadyEnvironment environment = context.Interruptibly(token =>
        {
            expected.Check(request.Pack, reporter, token);
            return EnvironmentProvider.Provide(request, reporter, token);
        });
        return command.Length == 0 ? environment.Shell() : environment.Run(RawArguments.Of(command), Tell(context));
    }

    private static Action<string> Tell(CommandContext context) =>
        message => context.Error.WriteLine($"packhorse: {message}");

    private static ProcessEnvironment Variables() => new(ProcessImage.InitialEnvironment() ?? EnvironmentVariables.All);

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

    private static StartRequest Request(CommandContext context, string pack, string[] command, OptionReader options) =>
        new()
        {
            Pack = pack,
            Base = options.Value(CommandContext.Base),
            Into = options.Value("--into"),
            Scratch = [EnvironmentVariables.CondorScratchDirectory, EnvironmentVariables.TemporaryDirectory],
            Here = HostPlatform.Current,
            Workers = EnvironmentVariables.Threads,
            VirtualOverrides = options.Values("--override-virtual"),
            Policy = options.Value("--start") is { } start
                ? StartPolicy.Parse(start, "--start")
                : StartPolicy.Parse(EnvironmentVariables.Start, EnvironmentVariables.StartName),
            Job = EnvironmentVariables.CondorScratchDirectory,
            IsWritable = options.Has("--writable"),
            Command = command,
            Tell = options.Has("--quiet") ? _ => { } : Tell(context),
            Variables = Variables(),
        };
}
