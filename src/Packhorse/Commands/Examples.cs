using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Packhorse.Commands;

/// <summary>Adds examples to the end of a command's help.</summary>
internal static class Examples
{
    public static void Add(Command command, params string[] examples)
    {
        var help = new HelpOption();
        help.Action = new HelpWithExamples((SynchronousCommandLineAction)help.Action!, examples);
        command.Options.Add(help);
    }

    private sealed class HelpWithExamples(SynchronousCommandLineAction help, string[] examples)
        : SynchronousCommandLineAction
    {
        /// <summary>Who asks for help need not have said all yet.</summary>
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            int result = help.Invoke(parseResult);
            TextWriter output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Examples:");
            foreach (string example in examples)
            {
                output.WriteLine($"  {example}");
            }
            output.WriteLine();
            return result;
        }
    }
}
