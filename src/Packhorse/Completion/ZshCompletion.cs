using System.Text;

namespace Packhorse.Completion;

/// <summary>For zsh with its completion system: in a directory of <c>fpath</c> as <c>_PROGRAM</c>, or sourced.</summary>
internal static class ZshCompletion
{
    public static string Write(CommandTree tree)
    {
        var script = new StringBuilder();
        script.Append($"#compdef {tree.Program}\n");
        script.Append(
            $"# Put this as _{tree.Program} into a directory of fpath, or: source <({tree.Program} completion zsh)\n"
        );
        script.Append($"{tree.Function}() {{\n    local curcontext=$curcontext state line\n    typeset -A opt_args\n");
        script.Append("    _arguments -C");
        WriteOptions(script, tree.Root);
        script.Append(" \\\n        '1: :->command' \\\n        '*:: :->rest'\n    case $state in\n        command)\n");
        script.Append("            local -a commands=(\n");
        foreach (CompletedCommand command in tree.Commands)
        {
            script.Append($"                {Quote($"{command.Name}:{command.Description}")}\n");
        }
        script.Append("            )\n            _describe command commands\n");
        script.Append(tree.Root.HasArguments ? "            _files\n" : "");
        script.Append("            ;;\n        rest)\n            case $words[1] in\n");
        foreach (CompletedCommand command in tree.Commands)
        {
            script.Append($"                {command.Name})\n                    _arguments");
            WriteOptions(script, command);
            script.Append($" \\\n        {Rest(command)}\n                    ;;\n");
        }
        script.Append("            esac\n            ;;\n    esac\n}\n");
        script.Append($"if [[ $funcstack[1] == {tree.Function} ]]; then\n    {tree.Function} \"$@\"\nelse\n");
        script.Append($"    compdef {tree.Function} {tree.Program}\nfi\n");
        return script.ToString();
    }

    private static string Rest(CompletedCommand command) =>
        command.Choices.Length > 0 ? $"'1: :({string.Join(' ', command.Choices)})'"
        : command.HasArguments ? "'*: :_files'"
        : "'*: :'";

    private static void WriteOptions(StringBuilder script, CompletedCommand command)
    {
        foreach (CompletedOption option in command.Options)
        {
            foreach (string name in option.Names)
            {
                string others = option.Names.Length > 1 ? $"({string.Join(' ', option.Names)})" : "";
                script.Append($" \\\n        {Quote($"{others}{name}[{Escape(option.Description)}]{Value(option)}")}");
            }
        }
    }

    private static string Value(CompletedOption option) =>
        option.Kind switch
        {
            ValueKind.None => "",
            ValueKind.File => $":{Escape(option.Value)}:_files",
            ValueKind.Directory => $":{Escape(option.Value)}:_files -/",
            ValueKind.Choice => $":{Escape(option.Value)}:({string.Join(' ', option.Choices)})",
            _ => $":{Escape(option.Value)}: ",
        };

    private static string Escape(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("[", "\\[", StringComparison.Ordinal)
            .Replace("]", "\\]", StringComparison.Ordinal)
            .Replace(":", "\\:", StringComparison.Ordinal);

    private static string Quote(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
