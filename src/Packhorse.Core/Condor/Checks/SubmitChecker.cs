using Packhorse.Condor.Submit;
using Packhorse.Model;

namespace Packhorse.Condor.Checks;

/// <summary>Looks for what submit files say and do not do. Runs nothing of what they name.</summary>
public static class SubmitChecker
{
    // Each mistake takes one step, and merging may show another.
    private const int MostFixes = 200;

    private static readonly ISubmitRule[] Rules =
    [
        new UnknownLine(),
        new DeadAttribute(),
        new RepeatedKeyword(),
        new UnmatchedRequirements(),
        new OldStagingPath(),
        new FlattenedPath(),
        new UrlProgram(),
        new NotExecutable(),
        new OtherName(),
        new MutableName(),
        new UncheckedSteps(),
        new HiddenError(),
        new SuccessUnknown(),
        new DiskTooSmall(),
        new QueueInteractive(),
    ];

    /// <summary>The names of all rules, in the order of their findings.</summary>
    public static IReadOnlyList<string> RuleNames { get; } = [.. Rules.Select(rule => rule.Name)];

    /// <exception cref="CorruptDataException">An environment among the inputs is damaged.</exception>
    public static IReadOnlyList<Finding> Check(SubmitFile file, CheckOptions options)
    {
        var context = new SubmitContext(file, options);
        return
        [
            .. Rules
                .SelectMany(rule => rule.Check(context))
                .OrderBy(finding => finding.File != file.Where)
                .ThenBy(finding => finding.File, StringComparer.Ordinal)
                .ThenBy(finding => finding.Line),
        ];
    }

    /// <summary>The file with every fix that can be made without asking.</summary>
    public static SubmitFile Fix(SubmitFile file, CheckOptions options)
    {
        for (int i = 0; i < MostFixes; i++)
        {
            var context = new SubmitContext(file, options);
            SubmitEdit? edit = Rules
                .SelectMany(rule => rule.Check(context))
                .Select(finding => finding.Edit)
                .FirstOrDefault(candidate => candidate is not null);
            if (edit is null)
            {
                break;
            }
            file = file.With(edit);
        }
        return file;
    }
}
