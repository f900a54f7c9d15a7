using Packhorse.Condor.Submit;

namespace Packhorse.Condor.Checks;

/// <summary>Less disk than the environment takes in the way in which the job starts it.</summary>
internal sealed class DiskTooSmall : ISubmitRule
{
    public string Name => "disk-too-small";

    public IEnumerable<Finding> Check(SubmitContext context)
    {
        foreach (TransferInput input in context.Inputs)
        {
            // What is published lies beside the submit file under the same name as a rule.
            string path = input.Path ?? Path.Combine(context.Directory, input.Name);
            if (EnvironmentFacts.TryRead(path) is not { } facts)
            {
                continue;
            }
            bool mayMount = facts.IsImage && Mentions(context, "--start");
            long need = mayMount ? facts.ArchiveBytes : facts.BytesToUnpack;
            SubmitStatement? statement = context.Description.Statement("request_disk");
            string ask = $"request_disk = {RequestSize.Text(RequestSize.InSteps(need) * 1024)}";
            long? asked = RequestSize.Kibibytes(context.Description.Value("request_disk")) * 1024;
            if (statement is null)
            {
                SubmitStatement inputs = context.Description.Statement("transfer_input_files")!;
                yield return context.Find(
                    this,
                    inputs,
                    Severity.Warning,
                    $"there is no request_disk, and {input.Name} takes {ByteText.Of(need)}",
                    $"write {ask}"
                );
            }
            else if (asked < need)
            {
                bool mayStillWork = facts.IsImage && !mayMount && asked >= facts.ArchiveBytes;
                yield return context.Find(
                    this,
                    statement,
                    mayStillWork ? Severity.Warning : Severity.Error,
                    $"{input.Name} has {ByteText.Of(facts.ArchiveBytes)}{(mayMount ? "" : $", and {ByteText.Of(facts.UnpackedBytes)} when it is unpacked")}: more than {ByteText.Of(asked.Value)}",
                    $"write {ask}",
                    SubmitFile.Replace(statement, ask)
                );
            }
        }
    }

    private static bool Mentions(SubmitContext context, string word) =>
        context.Script?.Words.Any(item => item.Word == word) == true
        || context.Arguments?.Contains(word, StringComparison.Ordinal) == true;
}
