using System.CommandLine;

namespace Packhorse.Commands;

/// <summary>The pack that a delta belongs to.</summary>
internal static class BaseOption
{
    public static Option<string?> Create()
    {
        var option = new Option<string?>("--base")
        {
            Description = "Of a delta: the pack that it was made against, in whatever form; the rest is taken from it.",
            HelpName = "PACK",
        };
        ArgumentRules.NotEmpty(option);
        return option;
    }
}
