using Packhorse.Model;

namespace Packhorse.Condor.Submit;

/// <summary>Lines of a submit file that are replaced by others.</summary>
/// <param name="FirstLine">From 0.</param>
/// <param name="LineCount">0: the new lines come before that line.</param>
public sealed record SubmitEdit(int FirstLine, int LineCount, IReadOnlyList<string> Lines);

/// <summary>
/// A submit file as it was written: all of its lines, comments and order are kept, and only what an edit names is changed. The language is
/// in HTCondor's manual, "Submit File Commands".
/// </summary>
public sealed class SubmitFile
{
    private readonly string _lineEnd;
    private readonly bool _endsWithLineEnd;

    private SubmitFile(string where, IReadOnlyList<string> lines, string lineEnd, bool endsWithLineEnd)
    {
        Where = where;
        Lines = lines;
        _lineEnd = lineEnd;
        _endsWithLineEnd = endsWithLineEnd;
        Statements = StatementReader.Read(lines, where);
    }

    /// <summary>Its path, for messages.</summary>
    public string Where { get; }

    /// <summary>Without what ends them.</summary>
    public IReadOnlyList<string> Lines { get; }

    public IReadOnlyList<SubmitStatement> Statements { get; }

    /// <summary>The whole file, byte for byte what was parsed where nothing was edited.</summary>
    public string Text => string.Join(_lineEnd, Lines) + (_endsWithLineEnd ? _lineEnd : "");

    /// <exception cref="NotFoundException">There is no such file.</exception>
    /// <inheritdoc cref="Parse"/>
    public static SubmitFile Read(string path) => Parse(TextFiles.Read(path), path);

    /// <exception cref="CorruptDataException">It is no submit file.</exception>
    public static SubmitFile Parse(string text, string where)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            throw new CorruptDataException(ErrorCodes.BadSubmitFile, $"{where} is no submit file: it is no text")
            {
                Hint = "name the file that condor_submit is given",
            };
        }
        // One ending for all lines; a carriage return that stands elsewhere stays a part of its line.
        string lineEnd = text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
        string[] lines = text.Split(lineEnd);
        bool endsWithLineEnd = lines[^1].Length == 0;
        var file = new SubmitFile(where, endsWithLineEnd ? lines[..^1] : lines, lineEnd, endsWithLineEnd);
        if (!file.Statements.Any(statement => statement.Kind is StatementKind.Assignment or StatementKind.Queue))
        {
            throw new CorruptDataException(
                ErrorCodes.BadSubmitFile,
                $"{where} is no submit file: nothing is set and nothing queued in it"
            )
            {
                Hint = "name the file that condor_submit is given",
            };
        }
        return file;
    }

    public SubmitFile With(SubmitEdit edit)
    {
        IEnumerable<string> behind = Lines.Skip(edit.FirstLine + edit.LineCount);
        string[] lines = [.. Lines.Take(edit.FirstLine), .. edit.Lines, .. behind];
        return new SubmitFile(Where, lines, _lineEnd, _endsWithLineEnd);
    }

    /// <summary>Takes a statement away, or puts other lines in its place.</summary>
    public static SubmitEdit Replace(SubmitStatement statement, params string[] lines) =>
        new(statement.FirstLine, statement.LineCount, lines);
}
