using System.Text;

namespace Packhorse.Completion;

/// <summary>For PowerShell 5.1 and later. Where nothing of ours fits, PowerShell itself offers files.</summary>
internal static class PowerShellCompletion
{
    public static string Write(CommandTree tree)
    {
        var script = new StringBuilder();
        script.Append(
            $$"""
            # {{tree.Program}}: completion for PowerShell. Read it in $PROFILE: {{tree.Program}} completion powershell | Out-String | Invoke-Expression
            Register-ArgumentCompleter -Native -CommandName {{Quote(tree.Program)}} -ScriptBlock {
                param($word, $ast, $position)
                $words = @($ast.CommandElements | Where-Object { $_.Extent.EndOffset -lt $position } | ForEach-Object { $_.ToString() })
                $known = @({{string.Join(", ", tree.Commands.Select(command => Quote(command.Name)))}})
                $command = @($words | Select-Object -Skip 1 | Where-Object { $known -ccontains $_ })[0]
                $offered = switch -CaseSensitive -Exact ("${command}:$($words[-1])") {

            """
        );
        foreach ((string name, CompletedCommand command) in All(tree))
        {
            foreach (CompletedOption option in command.Options.Where(option => option.Kind != ValueKind.None))
            {
                string choices = string.Join(", ", option.Choices.Select(Quote));
                foreach (string alias in option.Names)
                {
                    script.Append($"        {Quote($"{name}:{alias}")} {{ @({choices}) }}\n");
                }
            }
        }
        script.Append("        default {\n            switch -CaseSensitive -Exact (\"$command\") {\n");
        foreach ((string name, CompletedCommand command) in All(tree))
        {
            IEnumerable<string> words = command.Options.Select(option => option.Names[0]).Concat(command.Choices);
            IEnumerable<string> all = name.Length == 0 ? words.Concat(tree.Commands.Select(one => one.Name)) : words;
            script.Append($"                {Quote(name)} {{ @({string.Join(", ", all.Select(Quote))}) }}\n");
        }
        script.Append(
            """
                        }
                    }
                }
                $offered | Where-Object { $_ -and $_.StartsWith($word, [System.StringComparison]::Ordinal) } | ForEach-Object {
                    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
                }
            }

            """
        );
        return script.ToString();
    }

    private static IEnumerable<(string Name, CompletedCommand Command)> All(CommandTree tree) =>
        tree.Commands.Select(command => (command.Name, command)).Prepend(("", tree.Root));

    private static string Quote(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
