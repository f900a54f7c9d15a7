using System.CommandLine;
using Packhorse.Model;
using Packhorse.Output;
using Spectre.Console;

namespace Packhorse.Commands;

/// <summary>Options that every command has.</summary>
internal sealed class CommonOptions
{
    public Option<bool> Quiet { get; } = new("--quiet", "-q") { Description = "Say only what goes wrong." };

    public Option<bool> Verbose { get; } =
        new("--verbose", "-v") { Description = "Say more: every package, and where errors come from." };

    public Option<bool> Json { get; } = new("--json") { Description = "Print the result as JSON on standard output." };

    public Option<bool> DryRun { get; } =
        new("--dry-run") { Description = "Print what would be done, and do nothing." };

    public void AddTo(Command command)
    {
        command.Options.Add(DryRun);
        AddReporting(command);
    }

    /// <summary>Of commands that change nothing which a dry run could leave as it is.</summary>
    public void AddReporting(Command command)
    {
        command.Options.Add(Json);
        command.Options.Add(Quiet);
        command.Options.Add(Verbose);
    }

    public Verbosity Verbosity(ParseResult parsed) =>
        parsed.GetValue(Verbose) ? Output.Verbosity.Verbose
        : parsed.GetValue(Quiet) ? Output.Verbosity.Quiet
        : Output.Verbosity.Normal;

    /// <summary>Runs an action with the reporter that suits the terminal, which is gone when the action ends.</summary>
    public T WithReporter<T>(ParseResult parsed, Terminal terminal, Func<IReporter, T> action)
    {
        (IReporter reporter, IDisposable? ending) = MakeReporter(parsed, terminal);
        using (ending)
        {
            return action(reporter);
        }
    }

    /// <inheritdoc cref="WithReporter{T}"/>
    public async Task<T> WithReporterAsync<T>(ParseResult parsed, Terminal terminal, Func<IReporter, Task<T>> action)
    {
        (IReporter reporter, IDisposable? ending) = MakeReporter(parsed, terminal);
        using (ending)
        {
            return await action(reporter).ConfigureAwait(false);
        }
    }

    private (IReporter Reporter, IDisposable? Ending) MakeReporter(ParseResult parsed, Terminal terminal)
    {
        Verbosity verbosity = Verbosity(parsed);
        if (!terminal.IsInteractive || verbosity == Output.Verbosity.Quiet)
        {
            return (new PlainReporter(terminal.Error, verbosity, TimeProvider.System), null);
        }
        IAnsiConsole console = AnsiConsole.Create(
            new AnsiConsoleSettings
            {
                Out = new AnsiConsoleOutput(terminal.Error),
                ColorSystem = EnvironmentVariables.NoColor ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            }
        );
        var bars = new BarReporter(console, verbosity == Output.Verbosity.Verbose);
        return (bars, bars);
    }
}
