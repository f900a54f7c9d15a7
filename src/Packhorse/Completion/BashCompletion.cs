using System.Text;

namespace Packhorse.Completion;

/// <summary>For Bash 3.2 and later; needs nothing of the package bash-completion.</summary>
internal static class BashCompletion
{
    public static string Write(CommandTree tree)
    {
        var script = new StringBuilder();
        script.Append(
            $$"""
            # {{tree.Program}}: completion for bash. Read it with: source <({{tree.Program}} completion bash)
            {{tree.Function}}() {
                local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command= i IFS=$'\n'
                # --option=value comes in three words.
                if [[ $word == = ]]; then
                    word=
                elif [[ $before == = ]]; then
                    before=${COMP_WORDS[COMP_CWORD - 2]}
                fi
                for ((i = 1; i < COMP_CWORD; i++)); do
                    case ${COMP_WORDS[i]} in
                        {{string.Join(" | ", tree.Commands.Select(command => command.Name))}})
                            command=${COMP_WORDS[i]}
                            break
                            ;;
                    esac
                done
                case $command:$before in

            """
        );
        foreach ((string name, CompletedCommand command) in All(tree))
        {
            foreach (CompletedOption option in command.Options.Where(option => option.Kind != ValueKind.None))
            {
                string pattern = string.Join(" | ", option.Names.Select(alias => $"{name}:{alias}"));
                script.Append($"        {pattern}) {Value(option)}; return ;;\n");
            }
        }
        script.Append("    esac\n    case $command:$word in\n");
        foreach ((string name, CompletedCommand command) in All(tree))
        {
            script.Append($"        {name}:-*) {Words(command.Options.Select(option => option.Names[0]))} ;;\n");
            string[] words = name.Length == 0 ? [.. tree.Commands.Select(one => one.Name)] : command.Choices;
            if (words.Length > 0)
            {
                string files =
                    command.HasArguments && command.Choices.Length == 0
                        ? "; COMPREPLY+=($(compgen -f -- \"$word\"))"
                        : "";
                script.Append($"        {name}:*) {Words(words)}{files} ;;\n");
            }
        }
        script.Append($"        *) {Files} ;;\n    esac\n}}\ncomplete -F {tree.Function} {tree.Program}\n");
        return script.ToString();
    }

    private const string Files = "compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- \"$word\"))";

    private static IEnumerable<(string Name, CompletedCommand Command)> All(CommandTree tree) =>
        tree.Commands.Select(command => (command.Name, command)).Prepend(("", tree.Root));

    private static string Value(CompletedOption option) =>
        option.Kind switch
        {
            ValueKind.File => Files,
            ValueKind.Directory => "compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- \"$word\"))",
            ValueKind.Choice => Words(option.Choices),
            _ => "COMPREPLY=()",
        };

    private static string Words(IEnumerable<string> words) =>
        $"COMPREPLY=($(compgen -W $'{string.Join("\\n", words)}' -- \"$word\"))";
}
