using System.CommandLine;
using System.CommandLine.Invocation;

namespace Packhorse.Commands;

/// <summary>What <c>--version</c> says under every name: that this is Packhorse.</summary>
internal sealed class VersionAction : SynchronousCommandLineAction
{
    /// <summary>Whatever else is on the command line does not matter then.</summary>
    public override bool ClearsParseErrors => true;

    public static void AddTo(RootCommand root)
    {
        VersionOption option = root.Options.OfType<VersionOption>().Single();
        option.Aliases.Add("-V");
        option.Action = new VersionAction();
    }

    public override int Invoke(ParseResult parseResult)
    {
        parseResult.InvocationConfiguration.Output.WriteLine($"Packhorse {ProgramVersion.Text}");
        return 0;
    }
}
