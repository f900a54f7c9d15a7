using System.Text.RegularExpressions;

namespace Packhorse.Condor.Submit;

/// <summary>What a submit file says of its jobs, at its first <c>queue</c>: of what is set twice the last, with macros put in.</summary>
public sealed partial class SubmitDescription
{
    private const int MostExpansions = 1000;
    private const int MostCharacters = 1 << 20;

    private readonly Dictionary<string, SubmitStatement> _last = new(StringComparer.OrdinalIgnoreCase);

    public SubmitDescription(SubmitFile file)
    {
        File = file;
        foreach (SubmitStatement statement in file.Statements.TakeWhile(item => item.Kind != StatementKind.Queue))
        {
            if (statement.Kind != StatementKind.Assignment)
            {
                continue;
            }
            string name = SubmitCommands.Canonical(statement.Name);
            bool isLost =
                SubmitCommands.IsAlternate(statement.Name)
                && _last.TryGetValue(name, out SubmitStatement? earlier)
                && !SubmitCommands.IsAlternate(earlier.Name);
            if (!isLost)
            {
                _last[name] = statement;
            }
        }
    }

    public SubmitFile File { get; }

    /// <summary>The statement that counts, or null.</summary>
    public SubmitStatement? Statement(string name) => _last.GetValueOrDefault(name);

    /// <summary>Its value with macros put in, or null.</summary>
    public string? Value(string name) =>
        _last.TryGetValue(name, out SubmitStatement? found) ? Expand(found.Value) : null;

    /// <summary>As <see cref="Value"/>; what HTCondor takes for true.</summary>
    public bool? Boolean(string name) =>
        Value(name)?.Trim().ToLowerInvariant() switch
        {
            "true" or "yes" or "t" or "y" or "1" => true,
            "false" or "no" or "f" or "n" or "0" => false,
            _ => null,
        };

    /// <summary>The items of a list with commas.</summary>
    public IReadOnlyList<string> List(string name) =>
        Value(name)?.Split([',', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    /// <summary>True where something is left that only condor_submit or a job's number can tell.</summary>
    public static bool IsOpen(string text) => text.Contains('$', StringComparison.Ordinal);

    /// <summary>Puts in what the file sets; other macros stay as they are.</summary>
    public string Expand(string text)
    {
        for (int i = 0; i < MostExpansions && text.Length < MostCharacters; i++)
        {
            bool changed = false;
            string next = Macro()
                .Replace(
                    text,
                    match =>
                    {
                        string name = match.Groups["name"].Value;
                        if (
                            _last.TryGetValue(SubmitCommands.Canonical(name), out SubmitStatement? found)
                            && !Mentions(found.Value, name)
                        )
                        {
                            changed = true;
                            return found.Value;
                        }
                        return match.Value;
                    }
                );
            if (!changed)
            {
                break;
            }
            text = next;
        }
        return text;
    }

    // What is defined by itself would go on forever.
    private static bool Mentions(string value, string name) =>
        value.Contains($"$({name}", StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex(@"\$\((?<name>[A-Za-z_][\w.]*)(:[^()]*)?\)")]
    private static partial Regex Macro();
}
