using System.CommandLine;
using System.CommandLine.Completions;

namespace Packhorse.Completion;

/// <summary>What follows an option.</summary>
internal enum ValueKind
{
    /// <summary>Nothing: it is a flag.</summary>
    None,
    Text,
    File,
    Directory,

    /// <summary>One of a few words.</summary>
    Choice,
}

/// <param name="Names">With their hyphens, the long ones first.</param>
/// <param name="Value">What messages call the value.</param>
/// <param name="Choices">The words of <see cref="ValueKind.Choice"/>.</param>
internal sealed record CompletedOption(
    string[] Names,
    string Description,
    ValueKind Kind,
    string Value,
    string[] Choices
);

/// <param name="Choices">The words that its first argument may be; empty where it is a file.</param>
internal sealed record CompletedCommand(
    string Name,
    string Description,
    CompletedOption[] Options,
    bool HasArguments,
    string[] Choices
);

/// <summary>
/// The commands and options that completion offers, read from the tree that arguments are parsed by, so that the two cannot differ.
/// </summary>
/// <param name="Program">The name it is called by.</param>
internal sealed record CommandTree(string Program, CompletedCommand Root, CompletedCommand[] Commands)
{
    public static CommandTree Of(RootCommand root) =>
        new(
            root.HelpName!,
            Read(root),
            [.. root.Subcommands.Where(command => !command.Hidden).Select(command => Read(command))]
        );

    /// <summary>The name of the script's function.</summary>
    public string Function => $"_{Program.Replace('-', '_')}";

    private static CompletedCommand Read(Command command) =>
        new(
            command.Name,
            FirstSentence(command.Description),
            [
                .. command
                    .Subcommands.Where(_ => command is not RootCommand)
                    .SelectMany(inner => inner.Options)
                    .Concat(command.Options)
                    .Where(option => !option.Hidden)
                    .DistinctBy(option => option.Name)
                    .Select(Read),
            ],
            command.Arguments.Count > 0 || (command is not RootCommand && command.Subcommands.Count > 0),
            command is not RootCommand && command.Subcommands.Count > 0
                ? [.. command.Subcommands.Select(inner => inner.Name)]
                :
                [
                    .. command
                        .Arguments.Take(1)
                        .SelectMany(argument => Words(argument.GetCompletions(CompletionContext.Empty))),
                ]
        );

    private static CompletedOption Read(Option option)
    {
        string[] choices =
            option.ValueType == typeof(bool) ? [] : Words(option.GetCompletions(CompletionContext.Empty));
        string value = option.HelpName ?? "";
        ValueKind kind =
            option.Arity.MaximumNumberOfValues == 0 || option.ValueType == typeof(bool) ? ValueKind.None
            : choices.Length > 0 ? ValueKind.Choice
            : value.Contains("DIR", StringComparison.Ordinal) ? ValueKind.Directory
            : value.Contains("FILE", StringComparison.Ordinal) || value == "TOML" ? ValueKind.File
            : ValueKind.Text;
        return new CompletedOption(
            [.. option.Aliases.Append(option.Name).Distinct().Where(IsUsual).OrderByDescending(name => name.Length)],
            FirstSentence(option.Description),
            kind,
            value,
            choices
        );
    }

    // The library knows its help by the names of Windows too.
    private static bool IsUsual(string name) => name.StartsWith('-') && name != "-?";

    private static string[] Words(IEnumerable<CompletionItem> items) =>
        [.. items.Select(item => item.Label.ToLowerInvariant()).Distinct()];

    private static string FirstSentence(string? text)
    {
        string line = (text ?? "").Split('\n')[0];
        int end = new[] { line.IndexOf("; ", StringComparison.Ordinal), line.IndexOf(". ", StringComparison.Ordinal) }
            .Where(index => index >= 0)
            .DefaultIfEmpty(line.Length)
            .Min();
        return line[..end].TrimEnd('.');
    }
}
