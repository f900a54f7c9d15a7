using System.Text;
using System.Text.RegularExpressions;
using Packhorse.Model;

namespace Packhorse.Condor.Submit;

/// <summary>Splits the lines of a submit file into statements.</summary>
internal sealed partial class StatementReader
{
    private const int MostDepth = 64;

    private readonly IReadOnlyList<string> _lines;
    private readonly string _where;
    private readonly List<SubmitStatement> _statements = [];
    private int _depth;

    private StatementReader(IReadOnlyList<string> lines, string where)
    {
        _lines = lines;
        _where = where;
    }

    /// <exception cref="CorruptDataException">Conditions without end, or nested too deep.</exception>
    public static IReadOnlyList<SubmitStatement> Read(IReadOnlyList<string> lines, string where)
    {
        var reader = new StatementReader(lines, where);
        for (int line = 0; line < lines.Count; )
        {
            SubmitStatement statement = reader.ReadOne(line);
            reader._statements.Add(statement);
            line += statement.LineCount;
        }
        return reader._statements;
    }

    private SubmitStatement ReadOne(int first)
    {
        string trimmed = _lines[first].Trim();
        if (trimmed.Length == 0 || trimmed[0] == '#')
        {
            return Make(trimmed.Length == 0 ? StatementKind.Blank : StatementKind.Comment, first, 1);
        }
        (string text, int count) = Join(first);
        Match block = BlockBegin().Match(text);
        if (block.Success)
        {
            return ReadBlock(first, count, block.Groups["name"].Value, block.Groups["tag"].Value);
        }
        Match assignment = AssignmentForm().Match(text);
        if (assignment.Success)
        {
            return MakeAssignment(first, count, assignment);
        }
        string word = FirstWord().Match(text).Value;
        string rest = text[word.Length..].Trim();
        return word.ToLowerInvariant() switch
        {
            "queue" => ReadQueue(first, count, rest),
            "if" or "elif" or "else" or "endif" => ReadCondition(first, count, word.ToLowerInvariant(), rest),
            "include" or "use" or "error" or "warning" => Make(StatementKind.Directive, first, count, word, rest),
            _ => Make(StatementKind.Unknown, first, count, word, rest),
        };
    }

    // A backslash at the end continues a line; comments in between are left out.
    private (string Text, int Count) Join(int first)
    {
        var text = new StringBuilder();
        int line = first;
        for (; line < _lines.Count; line++)
        {
            string part = _lines[line].Trim();
            if (line > first && part.StartsWith('#'))
            {
                continue;
            }
            bool continues = part.EndsWith('\\');
            text.Append(continues ? part.AsSpan(0, part.Length - 1) : part);
            if (!continues)
            {
                line++;
                break;
            }
        }
        return (text.ToString().Trim(), line - first);
    }

    private SubmitStatement MakeAssignment(int first, int count, Match match)
    {
        string name = match.Groups["name"].Value;
        bool isAttribute = name.StartsWith('+') || name.StartsWith("MY.", StringComparison.OrdinalIgnoreCase);
        string plain =
            !isAttribute ? name
            : name.StartsWith('+') ? name[1..].Trim()
            : name["MY.".Length..];
        return Make(
            isAttribute ? StatementKind.Attribute : StatementKind.Assignment,
            first,
            count,
            plain,
            match.Groups["value"].Value.Trim()
        );
    }

    // name @=tag, lines, @tag
    private SubmitStatement ReadBlock(int first, int count, string name, string tag)
    {
        int end = first + count;
        while (end < _lines.Count && _lines[end].Trim() != "@" + tag)
        {
            end++;
        }
        string value = string.Join('\n', _lines.Skip(first + count).Take(end - first - count));
        return Make(StatementKind.Assignment, first, Math.Min(end + 1, _lines.Count) - first, name, value);
    }

    // Items in parentheses may stand on lines of their own.
    private SubmitStatement ReadQueue(int first, int count, string rest)
    {
        if (
            !rest.EndsWith('(')
            && !(rest.Contains('(', StringComparison.Ordinal) && !rest.Contains(')', StringComparison.Ordinal))
        )
        {
            return Make(StatementKind.Queue, first, count, "queue", rest);
        }
        int end = first + count;
        while (end < _lines.Count && !_lines[end].TrimEnd().EndsWith(')'))
        {
            end++;
        }
        string items = string.Join('\n', _lines.Skip(first + count).Take(end - first - count + 1));
        return Make(StatementKind.Queue, first, Math.Min(end + 1, _lines.Count) - first, "queue", $"{rest}\n{items}");
    }

    private SubmitStatement ReadCondition(int first, int count, string word, string rest)
    {
        if (word == "endif" && _depth > 0)
        {
            _depth--;
        }
        SubmitStatement statement = Make(StatementKind.Condition, first, count, word, rest);
        if (word == "if" && ++_depth > MostDepth)
        {
            throw new CorruptDataException(
                ErrorCodes.BadSubmitFile,
                $"{_where}:{first + 1}: more than {MostDepth} levels of if"
            );
        }
        return statement;
    }

    private SubmitStatement Make(StatementKind kind, int first, int count, string name = "", string value = "") =>
        new()
        {
            Kind = kind,
            FirstLine = first,
            LineCount = Math.Max(count, 1),
            Name = name,
            Value = value,
            Depth = _depth,
        };

    [GeneratedRegex(
        @"\A(?<name>(\+\s*|MY\.)?[A-Za-z_][\w.]*)\s*=(?<value>.*)\z",
        RegexOptions.Singleline | RegexOptions.IgnoreCase
    )]
    private static partial Regex AssignmentForm();

    [GeneratedRegex(@"\A(?<name>[A-Za-z_][\w.]*)\s*@=(?<tag>\w+)\s*\z")]
    private static partial Regex BlockBegin();

    [GeneratedRegex(@"\A[^\s=(]*")]
    private static partial Regex FirstWord();
}
