using System.Text.RegularExpressions;
using Packhorse.Condor.Submit;

namespace Packhorse.Condor.Checks;

/// <summary>A script that goes on after a failed step ends with another error than the one that counts, or with none.</summary>
internal sealed partial class UncheckedSteps : ISubmitRule
{
    public string Name => "unchecked-steps";

    public IEnumerable<Finding> Check(SubmitContext context)
    {
        if (context.Script is not { StopsAtErrors: false } script)
        {
            yield break;
        }
        for (int i = 0; i < script.Lines.Count; i++)
        {
            // The last command's exit code is the script's anyway.
            bool isFollowed = script.Lines.Skip(i + 1).Any(line => line.Trim().Length > 0);
            if (isFollowed && Preparation().IsMatch(script.Lines[i]) && !Handled().IsMatch(script.Lines[i]))
            {
                yield return context.FindInScript(
                    this,
                    i + 1,
                    Severity.Warning,
                    "when this step fails the script goes on without it",
                    "begin the script with set -e"
                );
                yield break;
            }
        }
    }

    [GeneratedRegex(
        @"^\s*(sh\s+)?\./\S+\.sh\b|^\s*(tar|unzip|curl|wget|pip|conda|mamba|micromamba|pixi|pixi-unpack)\s|^\s*(\.|source)\s+\S+activate"
    )]
    private static partial Regex Preparation();

    [GeneratedRegex(@"\|\||&&|^\s*(if|while|until|exec)\b")]
    private static partial Regex Handled();
}

/// <summary>Output files that a failed job did not write: it is held for them, and its own error is not what one sees.</summary>
internal sealed class HiddenError : ISubmitRule
{
    public string Name => "hidden-error";

    public IEnumerable<Finding> Check(SubmitContext context)
    {
        SubmitStatement? outputs = context.Description.Statement("transfer_output_files");
        string when = context.Description.Value("when_to_transfer_output") ?? "ON_EXIT";
        // Without the script nobody can tell whether the files are there when it fails.
        if (
            outputs is null
            || context.Script is null
            || !when.Equals("ON_EXIT", StringComparison.OrdinalIgnoreCase)
            || context.Description.List("transfer_output_files").All(MadeBefore(context.Script))
        )
        {
            yield break;
        }
        SubmitStatement? statement = context.Description.Statement("when_to_transfer_output");
        // HTCondor brings back no output and error of a failed job then, unless they are streamed.
        string[] streams =
        [
            .. ((string[])["stream_output", "stream_error"])
                .Where(name => context.Description.Statement(name) is null)
                .Select(name => $"{name} = true"),
        ];
        string[] lines = ["when_to_transfer_output = ON_SUCCESS", .. SuccessUnknown.Line(context), .. streams];
        yield return context.Find(
            this,
            outputs,
            Severity.Error,
            $"a job that fails before it has written {context.Description.Value("transfer_output_files")} is held for the missing file (code 12), and its own error is hidden",
            "write when_to_transfer_output = ON_SUCCESS, success_exit_code = 0, stream_output = true and stream_error = true",
            statement is null ? new SubmitEdit(outputs.FirstLine, 0, lines) : SubmitFile.Replace(statement, lines)
        );
    }

    // A file that the script touches, or a directory that it makes, is there whatever happens.
    private static Func<string, bool> MadeBefore(JobScript script) =>
        name =>
            script.Lines.Any(line =>
                (line.Contains("touch ", StringComparison.Ordinal) || line.Contains("mkdir ", StringComparison.Ordinal))
                && line.Contains(name.TrimEnd('/'), StringComparison.Ordinal)
            );
}

/// <summary>ON_SUCCESS without a word on what success is: HTCondor then transfers always, and holds failed jobs for what is missing.</summary>
internal sealed class SuccessUnknown : ISubmitRule
{
    public string Name => "success-unknown";

    public IEnumerable<Finding> Check(SubmitContext context)
    {
        SubmitStatement? statement = context.Description.Statement("when_to_transfer_output");
        if (
            statement is not null
            && "ON_SUCCESS".Equals(
                context.Description.Value("when_to_transfer_output"),
                StringComparison.OrdinalIgnoreCase
            )
            && context.Description.Statement("success_exit_code") is null
        )
        {
            yield return context.Find(
                this,
                statement,
                Severity.Error,
                "ON_SUCCESS has no effect without success_exit_code: a failed job is held for missing outputs all the same",
                "add success_exit_code = 0",
                new SubmitEdit(statement.FirstLine + statement.LineCount, 0, ["success_exit_code = 0"])
            );
        }
    }

    /// <summary>The line, where it is not there yet.</summary>
    internal static string[] Line(SubmitContext context) =>
        context.Description.Statement("success_exit_code") is null ? ["success_exit_code = 0"] : [];
}
