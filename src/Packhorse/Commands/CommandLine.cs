using System.CommandLine;
using System.CommandLine.Help;
using Packhorse.Model;
using Packhorse.Output;

namespace Packhorse.Commands;

/// <summary>The command line as a function: arguments and streams in, exit code out.</summary>
public static class CommandLine
{
    /// <returns>An <see cref="ExitClass"/> as number, or 128 and the number of the signal that interrupted the command.</returns>
    public static int Run(string[] arguments, Terminal terminal)
    {
        bool verbose = arguments.Contains("-v") || arguments.Contains("--verbose");
        try
        {
            RootCommand root = BuildRoot(terminal);
            ParseResult parsed = root.Parse(arguments);
            string[] errors = [.. FindErrors(arguments, parsed)];
            return errors.Length > 0 ? Refuse(errors, parsed, terminal) : Invoke(parsed, terminal);
        }
        catch (Exception error)
        {
            Exception cause = Unwrap(error);
            bool interrupted = terminal.Interruption.Token.IsCancellationRequested;
            if (interrupted)
            {
                terminal.Error.WriteLine("error: interrupted");
            }
            if (!interrupted || cause is not OperationCanceledException)
            {
                ErrorPrinter.Print(terminal.Error, cause, verbose);
            }
            return interrupted ? terminal.Interruption.ExitCode
                : cause is PackhorseException known ? (int)known.ExitClass
                : (int)ExitClass.Other;
        }
    }

    internal static RootCommand BuildRoot(Terminal terminal)
    {
        var root = new RootCommand("Packhorse carries a pixi environment to any worker node.");
        root.Subcommands.Add(PackCommand.Build(terminal));
        root.Subcommands.Add(UnpackCommand.Build(terminal));
        root.Subcommands.Add(InspectCommand.Build(terminal));
        root.Subcommands.Add(VerifyCommand.Build(terminal));
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

    private static int Refuse(string[] errors, ParseResult parsed, Terminal terminal)
    {
        foreach (string message in errors)
        {
            terminal.Error.WriteLine($"error: {Printable.Text(message)}");
        }
        terminal.Error.WriteLine();
        terminal.Error.WriteLine($"hint: {CommandPath(parsed)} --help shows what can be asked");
        return (int)ExitClass.Usage;
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
        parsed.CommandResult.Command is RootCommand ? "packhorse" : $"packhorse {parsed.CommandResult.Command.Name}";

    private static Exception Unwrap(Exception error) =>
        error is AggregateException { InnerExceptions: [var only] } ? Unwrap(only) : error;
}
