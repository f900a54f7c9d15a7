using Packhorse.Model;
using Packhorse.Output;
using Packhorse.Pack;

namespace Packhorse.Runtime;

/// <summary>What the commands share.</summary>
internal sealed record CommandContext(Invocation Invocation, TextWriter Output, TextWriter Error)
{
    private const string DefaultPack = "environment.tar";

    /// <summary>Options that every command has.</summary>
    public static readonly OptionSpec[] CommonOptions =
    [
        new("--verbose", 'v', TakesValue: false),
        new("--quiet", 'q', TakesValue: false),
        new("--help", 'h', TakesValue: false),
        new("--version", 'V', TakesValue: false),
    ];

    /// <summary>The pack that a delta belongs to.</summary>
    public const string Base = "--base";

    /// <summary>Options of what uses a pack.</summary>
    public static readonly OptionSpec[] ExpectOptions =
    [
        new("--expect", '\0', TakesValue: true),
        new("--root", '\0', TakesValue: true),
        new(Base, '\0', TakesValue: true),
    ];

    /// <exception cref="UsageException">A value is no digest.</exception>
    public static ExpectedFile Expected(OptionReader options) =>
        ExpectedFile.Parse(options.Value("--expect"), options.Value("--root"));

    /// <summary>True when help or the version was asked for and given.</summary>
    public bool HasAnswered(OptionReader options)
    {
        if (options.Has("--help"))
        {
            Output.Write(HelpText.For(Invocation));
            return true;
        }
        if (options.Has("--version"))
        {
            Output.WriteLine($"Packhorse {ProgramVersion.Text}");
            return true;
        }
        return false;
    }

    public PlainReporter Reporter(OptionReader options, Verbosity otherwise) =>
        new(
            Error,
            options.Has("--verbose") ? Verbosity.Verbose
                : options.Has("--quiet") ? Verbosity.Quiet
                : otherwise,
            TimeProvider.System
        );

    /// <summary>The pack of a command that takes nothing else.</summary>
    public string PackOf(IReadOnlyList<string> arguments)
    {
        int most = Invocation.File is null ? 1 : 0;
        if (arguments.Count > most)
        {
            throw new UsageException(ErrorCodes.BadArguments, $"unexpected argument {EntryPath.Quote(arguments[most])}")
            {
                Hint = "-h shows what can be asked",
            };
        }
        return Invocation.File ?? (arguments.Count > 0 ? arguments[0] : DefaultPack);
    }

    /// <summary>Runs work that signals end in order, so that nothing half done is left.</summary>
    /// <exception cref="InterruptedException">One did.</exception>
    public T Interruptibly<T>(Func<CancellationToken, T> work)
    {
        using var interruption = Interruption.OfProcess(Error);
        try
        {
            return work(interruption.Token);
        }
        catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
        {
            throw new InterruptedException(interruption.ExitCode);
        }
    }
}
