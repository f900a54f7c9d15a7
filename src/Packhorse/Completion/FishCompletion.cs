using System.Text;

namespace Packhorse.Completion;

/// <summary>For fish 3 and later.</summary>
internal static class FishCompletion
{
    public static string Write(CommandTree tree)
    {
        var script = new StringBuilder();
        script.Append(
            $"# {tree.Program}: completion for fish. Put it into ~/.config/fish/completions/{tree.Program}.fish\n"
        );
        string begin = $"complete -c {tree.Program}";
        const string Before = "__fish_use_subcommand";
        script.Append($"{begin} -f\n");
        script.Append(tree.Root.HasArguments ? $"{begin} -n {Before} -F\n" : "");
        WriteOptions(script, $"{begin} -n {Before}", tree.Root);
        foreach (CompletedCommand command in tree.Commands)
        {
            script.Append($"{begin} -n {Before} -a {command.Name} -d {Quote(command.Description)}\n");
        }
        foreach (CompletedCommand command in tree.Commands)
        {
            string one = $"{begin} -n '__fish_seen_subcommand_from {command.Name}'";
            string arguments =
                command.Choices.Length > 0 ? $"-a {Quote(string.Join(' ', command.Choices))}"
                : command.HasArguments ? "-F"
                : "";
            script.Append(arguments.Length > 0 ? $"{one} {arguments}\n" : "");
            WriteOptions(script, one, command);
        }
        return script.ToString();
    }

    private static void WriteOptions(StringBuilder script, string begin, CompletedCommand command)
    {
        foreach (CompletedOption option in command.Options)
        {
            script.Append(begin);
            foreach (string name in option.Names)
            {
                script.Append(
                    name.StartsWith("--", StringComparison.Ordinal) ? $" -l {name[2..]}" : $" -s {name[1..]}"
                );
            }
            script.Append($"{Value(option)} -d {Quote(option.Description)}\n");
        }
    }

    private static string Value(CompletedOption option) =>
        option.Kind switch
        {
            ValueKind.None => "",
            ValueKind.File => " -r -F",
            ValueKind.Directory => " -x -a '(__fish_complete_directories)'",
            ValueKind.Choice => $" -x -a {Quote(string.Join(' ', option.Choices))}",
            _ => " -x",
        };

    private static string Quote(string text) =>
        $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";
}
