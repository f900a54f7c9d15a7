using System.Text.RegularExpressions;
using Packhorse.Condor.Submit;

namespace Packhorse.Condor.Checks;

/// <summary>A command that nobody knows and no macro uses: condor_submit warns, and goes on without it.</summary>
internal sealed class UnknownLine : ISubmitRule
{
    public string Name => "unused-line";

    public IEnumerable<Finding> Check(SubmitContext context)
    {
        string all = context.File.Text;
        foreach (SubmitStatement statement in context.File.Statements)
        {
            if (statement.Kind == StatementKind.Unknown)
            {
                yield return context.Find(
                    this,
                    statement,
                    Severity.Error,
                    "this is no command of a submit file",
                    "remove it, or put a # before it"
                );
            }
            else if (statement.Kind == StatementKind.Assignment && IsUnused(statement.Name, all))
            {
                string? nearest = SubmitCommands.Nearest(statement.Name);
                yield return context.Find(
                    this,
                    statement,
                    Severity.Error,
                    $"condor_submit knows no command {statement.Name}, and nothing uses it as a macro: the line has no effect",
                    nearest is null
                        ? $"remove it; an attribute of the job is written +{statement.Name}"
                        : $"write {nearest}",
                    nearest is null ? null : SubmitFile.Replace(statement, $"{nearest} = {statement.Value}")
                );
            }
        }
    }

    private static bool IsUnused(string name, string all) =>
        !SubmitCommands.IsKnown(name)
        && !SubmitCommands.MayBeCustom(name)
        && !Regex.IsMatch(
            all,
            $@"\$\w*\(\s*{Regex.Escape(name)}\s*[:)\[,?]|^\s*(if|elif)\b.*\b{Regex.Escape(name)}\b|\bqueue\b.*\b{Regex.Escape(name)}\b",
            RegexOptions.IgnoreCase | RegexOptions.Multiline | RegexOptions.CultureInvariant,
            TimeSpan.FromSeconds(1)
        );
}

/// <summary>A command given twice before the same <c>queue</c>: the last one wins, without a word.</summary>
internal sealed class RepeatedKeyword : ISubmitRule
{
    public string Name => "repeated-keyword";

    public IEnumerable<Finding> Check(SubmitContext context)
    {
        var seen = new Dictionary<string, SubmitStatement>(StringComparer.Ordinal);
        foreach (SubmitStatement statement in context.File.Statements)
        {
            if (statement.Kind == StatementKind.Queue)
            {
                seen.Clear();
                continue;
            }
            // Of conditions one branch counts. What refers to itself adds to what was there.
            if (
                statement.Kind is not (StatementKind.Assignment or StatementKind.Attribute)
                || statement.Depth > 0
                || statement.Value.Contains($"$({statement.Name})", StringComparison.OrdinalIgnoreCase)
            )
            {
                continue;
            }
            string key = $"{statement.Kind} {SubmitCommands.Canonical(statement.Name)}";
            if (!seen.TryGetValue(key, out SubmitStatement? earlier))
            {
                seen[key] = statement;
            }
            else if (IsOtherName(statement) != IsOtherName(earlier))
            {
                (SubmitStatement lost, SubmitStatement counts) = IsOtherName(statement)
                    ? (statement, earlier)
                    : (earlier, statement);
                yield return ReportLost(context, lost, counts);
                seen[key] = counts;
            }
            else
            {
                yield return Report(context, earlier, statement);
                seen[key] = statement;
            }
        }
    }

    private static bool IsOtherName(SubmitStatement statement) =>
        statement.Kind == StatementKind.Assignment && SubmitCommands.IsAlternate(statement.Name);

    private Finding ReportLost(SubmitContext context, SubmitStatement lost, SubmitStatement counts) =>
        context.Find(
            this,
            lost,
            Severity.Error,
            $"{lost.Name} is another name of {SubmitCommands.Canonical(lost.Name)}, which counts, wherever it stands: line {counts.Line}",
            "keep one of them",
            SubmitFile.Replace(lost)
        );

    private Finding Report(SubmitContext context, SubmitStatement earlier, SubmitStatement later)
    {
        string name = later.Name;
        bool isExpression = SubmitCommands.Canonical(name) is "requirements";
        bool isSame = Normalized(earlier.Value) == Normalized(later.Value);
        string where = $"line {later.Line} replaces this {name}";
        if (!isExpression || isSame)
        {
            return context.Find(
                this,
                earlier,
                isSame ? Severity.Warning : Severity.Error,
                isSame ? $"{where} with the same" : $"{where}: the last one wins, and condor_submit says nothing",
                $"keep one of them; line {later.Line} is what counts now",
                SubmitFile.Replace(earlier)
            );
        }
        string merged = $"{name} = {Parenthesized(earlier.Value)} && {Parenthesized(later.Value)}";
        var lines = new List<string>();
        for (int line = earlier.FirstLine + earlier.LineCount; line < later.FirstLine; line++)
        {
            lines.Add(context.File.Lines[line]);
        }
        lines.Add(merged);
        int count = later.FirstLine + later.LineCount - earlier.FirstLine;
        return context.Find(
            this,
            earlier,
            Severity.Error,
            $"{where}: what this line asks for is lost, and condor_submit says nothing",
            $"write one line: {merged}",
            new SubmitEdit(earlier.FirstLine, count, lines)
        );
    }

    private static string Normalized(string value) => value.Replace(" ", "", StringComparison.Ordinal);

    private static string Parenthesized(string value)
    {
        if (!value.StartsWith('(') || !value.EndsWith(')'))
        {
            return $"({value})";
        }
        int depth = 0;
        for (int i = 0; i < value.Length - 1; i++)
        {
            depth +=
                value[i] == '(' ? 1
                : value[i] == ')' ? -1
                : 0;
            if (depth == 0)
            {
                return $"({value})";
            }
        }
        return value;
    }
}

/// <summary>Staging directories are below the first letter of a name now.</summary>
internal sealed partial class OldStagingPath : ISubmitRule
{
    public string Name => "old-staging-path";

    public IEnumerable<Finding> Check(SubmitContext context)
    {
        foreach (SubmitStatement statement in context.File.Statements)
        {
            if (statement.Kind is not (StatementKind.Assignment or StatementKind.Queue))
            {
                continue;
            }
            Match match = OldPath().Match(statement.Value);
            if (!match.Success)
            {
                continue;
            }
            string user = match.Groups["user"].Value;
            string letter = char.ToLowerInvariant(user[0]).ToString();
            string[] lines =
            [
                .. context
                    .File.Lines.Skip(statement.FirstLine)
                    .Take(statement.LineCount)
                    .Select(line =>
                        OldPath()
                            .Replace(
                                line,
                                found =>
                                    $"{found.Groups["before"]}/staging/{char.ToLowerInvariant(found.Groups["user"].Value[0])}/{found.Groups["user"]}/"
                            )
                    ),
            ];
            yield return context.Find(
                this,
                statement,
                Severity.Error,
                $"/staging/{user} is where CHTC had staging directories until 2026; the links from there are gone",
                $"write /staging/{letter}/{user}/, or osdf:///chtc$ENV(STAGING)/ on an access point that sets it",
                SubmitFile.Replace(statement, lines)
            );
        }
    }

    [GeneratedRegex(@"(?<before>(?<![\w.-])|/chtc|file://)/staging/(?!groups/)(?<user>[A-Za-z][\w.-]+)/")]
    private static partial Regex OldPath();
}

/// <summary>Interactive sessions are one job: others of the same file would sleep until their limit.</summary>
internal sealed class QueueInteractive : ISubmitRule
{
    public string Name => "queue-interactive";

    public IEnumerable<Finding> Check(SubmitContext context)
    {
        SubmitStatement[] queues = [.. context.File.Statements.Where(item => item.Kind == StatementKind.Queue)];
        SubmitStatement? many =
            queues.FirstOrDefault(queue => queue.Value is not ("" or "1") && !IsOneWhenAsked(queue))
            ?? queues.ElementAtOrDefault(1);
        if (!context.Options.IsInteractive || many is null)
        {
            yield break;
        }
        yield return context.Find(
            this,
            many,
            Severity.Error,
            $"condor_submit -interactive starts a sleeping job for each of '{many.Name} {many.Value.Split('\n')[0]}', and a session in one of them",
            "give condor_submit -interactive a file with queue 1, or use packhorse condor interact, which does",
            queues.Length == 1 ? SubmitFile.Replace(many, "queue 1") : null
        );
    }

    // How many they are is left to who calls condor_submit.
    private static bool IsOneWhenAsked(SubmitStatement queue) =>
        queue.Value.StartsWith($"$({InteractiveMacros.Jobs}:", StringComparison.OrdinalIgnoreCase);
}
