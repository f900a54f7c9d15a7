using Packhorse.Model;
using Packhorse.Mount;
using Packhorse.Os;
using Packhorse.Output;
using Packhorse.Run;

namespace Packhorse.Runtime;

/// <summary><c>run</c> and <c>shell</c>: what they return is an exit code, and only when this process did not become the command.</summary>
internal static class LaunchCommands
{
    private static readonly OptionSpec[] Options =
    [
        .. CommandContext.CommonOptions,
        new("--into", '\0', TakesValue: true),
        new("--start", '\0', TakesValue: true),
        new("--writable", '\0', TakesValue: false),
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
        IReadyEnvironment environment = Provide(context, pack, options);
        return environment.Run(RawArguments.Of(command), message => context.Error.WriteLine($"packhorse: {message}"));
    }

    public static int Shell(CommandContext context, string[] arguments)
    {
        var options = new OptionReader(Options, arguments, stopsAtFirst: false);
        if (context.HasAnswered(options))
        {
            return 0;
        }
        string pack = context.PackOf(options.Rest);
        return Provide(context, pack, options).Shell();
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

    private static IReadyEnvironment Provide(CommandContext context, string pack, OptionReader options)
    {
        var request = new StartRequest
        {
            Pack = pack,
            Into = options.Value("--into"),
            Scratch = [EnvironmentVariables.CondorScratchDirectory, EnvironmentVariables.TemporaryDirectory],
            Here = HostPlatform.Current,
            Workers = Environment.ProcessorCount,
            Policy = options.Value("--start") is { } start
                ? StartPolicy.Parse(start, "--start")
                : StartPolicy.Parse(EnvironmentVariables.Start, EnvironmentVariables.StartName),
            Job = EnvironmentVariables.CondorScratchDirectory,
            IsWritable = options.Has("--writable"),
            Tell = options.Has("--quiet") ? _ => { } : sentence => context.Error.WriteLine($"packhorse: {sentence}"),
            Variables = new ProcessEnvironment(ProcessImage.InitialEnvironment() ?? EnvironmentVariables.All),
        };
        PlainReporter reporter = context.Reporter(options, Verbosity.Quiet);
        return context.Interruptibly(token => EnvironmentProvider.Provide(request, reporter, token));
    }
}
