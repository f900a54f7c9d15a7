using System.Text.RegularExpressions;
using Packhorse.Condor.Submit;

namespace Packhorse.Condor.Checks;

/// <summary>Attributes of machines that no pool has had for years: the expression is undefined, and no machine matches.</summary>
internal sealed partial class DeadAttribute : ISubmitRule
{
    public string Name => "dead-attribute";

    // What HTCondor has since 10 for the same.
    private static readonly Dictionary<string, string> Commands = new(StringComparer.OrdinalIgnoreCase)
    {
        ["CUDADriverVersion"] = "gpus_minimum_runtime",
        ["CUDARuntimeVersion"] = "gpus_minimum_runtime",
        ["CUDAMaxSupportedVersion"] = "gpus_minimum_runtime",
        ["CUDACapability"] = "gpus_minimum_capability",
        ["CUDAGlobalMemoryMb"] = "gpus_minimum_memory",
    };

    public IEnumerable<Finding> Check(SubmitContext context)
    {
        foreach (SubmitStatement statement in context.File.Statements)
        {
            if (statement.Kind != StatementKind.Assignment || !IsExpression(statement.Name))
            {
                continue;
            }
            Match match = Dead().Match(statement.Value);
            if (match.Success)
            {
                yield return Report(context, statement, match.Groups["name"].Value);
            }
        }
    }

    private Finding Report(SubmitContext context, SubmitStatement statement, string name)
    {
        string[] clauses = ConditionList.Split(statement.Value);
        int at = Array.FindIndex(clauses, clause => Dead().IsMatch(clause));
        Match comparison = Comparison().Match(clauses[at]);
        string? command = comparison.Success ? Commands.GetValueOrDefault(name) : null;
        SubmitEdit? edit = null;
        if (command is not null)
        {
            string[] left = [.. clauses.Where((_, index) => index != at)];
            string line = $"{command} = {comparison.Groups["number"].Value}";
            string[] lines = left.Length == 0 ? [line] : [line, $"{statement.Name} = {string.Join(" && ", left)}"];
            edit = context.Description.Statement(command) is null ? SubmitFile.Replace(statement, lines) : null;
        }
        return context.Find(
            this,
            statement,
            Severity.Error,
            $"no machine has an attribute {name} any more: the job would stay idle for ever",
            command is null
                ? "ask with gpus_minimum_capability, gpus_minimum_memory, gpus_minimum_runtime or require_gpus"
                : $"write {command} = {comparison.Groups["number"].Value} instead",
            edit
        );
    }

    internal static bool IsExpression(string name) =>
        SubmitCommands.Canonical(name) is "requirements" or "rank" or "require_gpus";

    [GeneratedRegex(
        @"\b(TARGET\.)?(?<name>CUDA(DriverVersion|RuntimeVersion|MaxSupportedVersion|Capability|DeviceName|GlobalMemoryMb|ECCEnabled|ClockMhz|ComputeUnits|CoresPerCU))\b",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex Dead();

    [GeneratedRegex(@"\A\(*\s*(TARGET\.)?\w+\s*>=\s*(?<number>[\d.]+)\s*\)*\z", RegexOptions.IgnoreCase)]
    private static partial Regex Comparison();
}

/// <summary>Asks the pool whether a machine could ever run the job, where there is one to ask.</summary>
internal sealed partial class UnmatchedRequirements : ISubmitRule
{
    public string Name => "no-machine";

    public IEnumerable<Finding> Check(SubmitContext context)
    {
        SubmitStatement? statement = context.Description.Statement("requirements");
        string? text = context.Description.Value("requirements");
        // Of the job's own attributes a machine knows nothing.
        if (statement is null || text is null || SubmitDescription.IsOpen(text) || OfTheJob().IsMatch(text))
        {
            yield break;
        }
        if (context.Options.AskPool(Target().Replace(text, "")) is (0, > 0) answer)
        {
            yield return context.Find(
                this,
                statement,
                Severity.Error,
                $"none of the pool's {answer.All} slots fits these requirements",
                $"try parts of it: condor_status -constraint '{ConditionList.Split(text)[0]}'"
            );
        }
    }

    [GeneratedRegex(@"\bMY\.|\bRequest\w+|\bExitCode\b|\bNumJobStarts\b|\bJob\w+|\bOwner\b", RegexOptions.IgnoreCase)]
    private static partial Regex OfTheJob();

    [GeneratedRegex(@"\bTARGET\.", RegexOptions.IgnoreCase)]
    private static partial Regex Target();
}

/// <summary>The parts of an expression that all must hold.</summary>
internal static class ConditionList
{
    /// <summary>At least one.</summary>
    public static string[] Split(string expression)
    {
        var parts = new List<string>();
        int depth = 0;
        int begin = 0;
        bool quoted = false;
        for (int i = 0; i < expression.Length; i++)
        {
            char c = expression[i];
            quoted ^= c == '"';
            depth +=
                quoted ? 0
                : c == '(' ? 1
                : c == ')' ? -1
                : 0;
            bool isOr = c == '|' && !quoted && depth == 0;
            if (isOr)
            {
                return [expression.Trim()];
            }
            if (c == '&' && !quoted && depth == 0 && i + 1 < expression.Length && expression[i + 1] == '&')
            {
                parts.Add(expression[begin..i].Trim());
                begin = ++i + 1;
            }
        }
        parts.Add(expression[Math.Min(begin, expression.Length)..].Trim());
        // (a && b) as a whole is a && b.
        return parts is [['(', .., ')'] only] && IsWrapped(only) && only.Contains("&&", StringComparison.Ordinal)
            ? Split(only[1..^1])
            : [.. parts];
    }

    private static bool IsWrapped(string text)
    {
        int depth = 0;
        for (int i = 0; i < text.Length - 1; i++)
        {
            depth +=
                text[i] == '(' ? 1
                : text[i] == ')' ? -1
                : 0;
            if (depth == 0)
            {
                return false;
            }
        }
        return true;
    }
}
