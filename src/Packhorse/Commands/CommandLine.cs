using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using Packhorse.Model;
using Packhorse.Output;
using Packhorse.Run;

namespace Packhorse.Commands;

/// <summary>The command line as a function: arguments and streams in, exit code out.</summary>
public static class CommandLine
{
    // An argument that begins with @ is one, not the name of a file with more of them.
    private static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null };

    /// <returns>
    /// An <see cref="ExitClass"/> as number, or 128 and the number of the signal that interrupted the command; of <c>run</c> and
    /// <c>shell</c> what <see cref="NotStarted"/> makes of it.
    /// </returns>
    public static int Run(string[] arguments, Terminal terminal) => Run(BuildRoot(terminal), arguments, terminal);

    /// <param name="root">The commands of the name that the program was called by.</param>
    /// <inheritdoc cref="Run(string[], Terminal)"/>
    internal static int Run(RootCommand root, string[] arguments, Terminal terminal)
    {
        VersionAction.AddTo(root);
        arguments = StartArguments.WithOptionsFirst(root, arguments);
        bool starts = arguments is [var verb, ..] && StartCommands.All.Contains(verb);
        string[] own = arguments;
        try
        {
            ParseResult parsed = root.Parse(arguments, Parsing);
            own = arguments[..^CountPassedOn(parsed)];
            string[] errors = [.. FindErrors(own, parsed)];
            return errors.Length > 0 ? Refuse(errors, parsed, terminal, starts) : Invoke(parsed, terminal);
        }
        catch (Exception error)
        {
            bool verbose = own.Contains("-v") || own.Contains("--verbose");
            return Fail(Unwrap(error), terminal, verbose, starts);
        }
    }

    internal static RootCommand BuildRoot(Terminal terminal)
    {
        var root = new RootCommand("Packhorse carries a pixi environment to any worker node.")
        {
            HelpName = "packhorse",
        };
        root.Subcommands.Add(PackCommand.Build(terminal));
        root.Subcommands.Add(UnpackCommand.Build(terminal));
        root.Subcommands.Add(StartCommands.BuildRun(terminal));
        root.Subcommands.Add(StartCommands.BuildShell(terminal));
        root.Subcommands.Add(StartCommands.BuildMount(terminal));
        root.Subcommands.Add(StartCommands.BuildRecord(terminal));
        root.Subcommands.Add(StartCommands.BuildEnter(terminal));
        root.Subcommands.Add(InspectCommand.Build(terminal));
        root.Subcommands.Add(VerifyCommand.Build(terminal));
        root.Subcommands.Add(SignCommand.Build(terminal));
        root.Subcommands.Add(PublishCommand.Build(terminal));
        root.Subcommands.Add(PublishedCommand.Build(terminal));
        root.Subcommands.Add(FetchCommand.Build(terminal));
        root.Subcommands.Add(CacheCommand.Build(terminal));
        root.Subcommands.Add(CondorCommand.Build(terminal));
        root.Subcommands.Add(CompletionCommand.Build(root, terminal));
        root.SetAction(parsed => new HelpAction().Invoke(parsed));
        return root;
    }

    // Arguments are bytes; those that are no UTF-8 come with replacement characters, and would name other files than were meant.
    private static IEnumerable<string> FindErrors(string[] arguments, ParseResult parsed) =>
        arguments
            .Where(argument => argument.Contains('\uFFFD'))
            .Select(argument => $"the argument {EntryPath.Quote(argument)} is not UTF-8")
            .Concat(parsed.Errors.Select(error => error.Message))
            .Distinct(StringComparer.Ordinal);

    // The command that run starts has arguments of its own.
    private static int CountPassedOn(ParseResult parsed) =>
        parsed
            .CommandResult.Command.Arguments.Where(argument => argument.CaptureRemainingTokens)
            .Sum(argument => parsed.GetResult(argument)?.Tokens.Count ?? 0);

    private static int Refuse(string[] errors, ParseResult parsed, Terminal terminal, bool starts)
    {
        foreach (string message in errors)
        {
            terminal.Error.WriteLine($"error: {Printable.Text(message)}");
        }
        terminal.Error.WriteLine();
        terminal.Error.WriteLine($"hint: {CommandPath(parsed)} --help shows what can be asked");
        return End(ExitClass.Usage, errors[0], terminal, starts);
    }

    private static int Fail(Exception cause, Terminal terminal, bool verbose, bool starts)
    {
        bool interrupted = terminal.Interruption.Token.IsCancellationRequested;
        if (interrupted)
        {
            terminal.Error.WriteLine("error: interrupted");
        }
        if (!interrupted || cause is not OperationCanceledException)
        {
            ErrorPrinter.Print(terminal.Error, cause, verbose);
        }
        return interrupted
            ? terminal.Interruption.ExitCode
            : End(
                cause is PackhorseException known ? known.ExitClass : ExitClass.Other,
                cause.Message,
                terminal,
                starts
            );
    }

    private static int End(ExitClass exitClass, string reason, Terminal terminal, bool starts)
    {
        if (!starts)
        {
            return (int)exitClass;
        }
        terminal.Error.WriteLine(Printable.Text(NotStarted.Line(reason)));
        return NotStarted.ExitCode(exitClass);
    }

    // Our own interruption: the library's would end the process after a time limit, whatever is still to be put away.
    private static int Invoke(ParseResult parsed, Terminal terminal) =>
        parsed
            .InvokeAsync(
                new InvocationConfiguration
                {
                    EnableDefaultExceptionHandler = false,
                    ProcessTerminationTimeout = null,
                    Output = terminal.Out,
                    Error = terminal.Error,
                },
                terminal.Interruption.Token
            )
            .GetAwaiter()
            .GetResult();

    private static string CommandPath(ParseResult parsed) =>
        parsed.CommandResult.Command is RootCommand root
            ? root.HelpName!
            : string.Join(
                ' ',
                Path(parsed.CommandResult).Reverse().Prepend(((RootCommand)parsed.RootCommandResult.Command).HelpName)
            );

    // From the command that was called up to, and without, the program.
    private static IEnumerable<string> Path(CommandResult? called)
    {
        for (; called is { Command: not RootCommand }; called = called.Parent as CommandResult)
        {
            yield return called.Command.Name;
        }
    }

    private static Exception Unwrap(Exception error) =>
        error is AggregateException { InnerExceptions: [var only] } ? Unwrap(only) : error;
}
