using System.CommandLine;
using System.CommandLine.Help;
using Packhorse.Model;
using Packhorse.Output;

namespace Packhorse.Commands;

/// <summary>The command line as a function: arguments and streams in, exit code out.</summary>
public static class CommandLine
{
    /// <returns>An <see cref="ExitClass"/> as number.</returns>
    public static int Run(string[] arguments, Terminal terminal)
    {
        RootCommand root = BuildRoot(terminal);
        ParseResult parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            foreach (string message in parsed.Errors.Select(error => error.Message).Distinct(StringComparer.Ordinal))
            {
                terminal.Error.WriteLine($"error: {message}");
            }
            terminal.Error.WriteLine();
            terminal.Error.WriteLine($"hint: {CommandPath(parsed)} --help shows what can be asked");
            return (int)ExitClass.Usage;
        }
        bool verbose = arguments.Contains("-v") || arguments.Contains("--verbose");
        try
        {
            return parsed.Invoke(
                new InvocationConfiguration
                {
                    EnableDefaultExceptionHandler = false,
                    Output = terminal.Out,
                    Error = terminal.Error,
                }
            );
        }
        catch (OperationCanceledException)
        {
            terminal.Error.WriteLine("error: interrupted");
            return 130;
        }
        catch (Exception error)
        {
            ErrorPrinter.Print(terminal.Error, Unwrap(error), verbose);
            return (int)(Unwrap(error) is PackhorseException known ? known.ExitClass : ExitClass.Other);
        }
    }

    internal static RootCommand BuildRoot(Terminal terminal)
    {
        var root = new RootCommand("Packhorse carries a pixi environment to any worker node.");
        root.Subcommands.Add(PackCommand.Build(terminal));
        root.Subcommands.Add(UnpackCommand.Build(terminal));
        root.Subcommands.Add(InspectCommand.Build(terminal));
        root.SetAction(parsed => new HelpAction().Invoke(parsed));
        return root;
    }

    private static string CommandPath(ParseResult parsed) =>
        parsed.CommandResult.Command is RootCommand ? "packhorse" : $"packhorse {parsed.CommandResult.Command.Name}";

    private static Exception Unwrap(Exception error) =>
        error is AggregateException { InnerExceptions: [var only] } ? Unwrap(only) : error;
}
