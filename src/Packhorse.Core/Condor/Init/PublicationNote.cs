using System.Text.RegularExpressions;
using Packhorse.Condor.Submit;

namespace Packhorse.Condor.Init;

/// <summary>The line of a submit file that says what is published before its jobs are submitted.</summary>
/// <param name="File">Relative to the submit file.</param>
/// <param name="Directory">Where to.</param>
public sealed partial record PublicationNote(string File, string Directory)
{
    /// <summary>As a comment of the submit file has it.</summary>
    public override string ToString() => $"# packhorse publish: {File} to {Directory}";

    /// <returns>Null where nothing is to be published.</returns>
    public static PublicationNote? Find(SubmitFile file) =>
        file
            .Statements.Where(statement => statement.Kind == StatementKind.Comment)
            .Select(statement => Form().Match(file.Lines[statement.FirstLine]))
            .Where(match => match.Success)
            .Select(match => new PublicationNote(match.Groups["file"].Value, match.Groups["directory"].Value))
            .FirstOrDefault();

    [GeneratedRegex(@"\A\s*# packhorse publish: (?<file>.+) to (?<directory>.+?)\s*\z")]
    private static partial Regex Form();
}
