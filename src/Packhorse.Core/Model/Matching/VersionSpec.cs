using System.Diagnostics.CodeAnalysis;

namespace Packhorse.Model.Matching;

/// <summary>
/// Which versions are wanted (CEP 33): <c>&gt;=1.2,&lt;2|3.*</c>. "," binds tighter than "|". Taken leniently, as channels have it: a bare
/// <c>1.8</c> is exactly that, and a star after an operator that has no use for one is passed over.
/// </summary>
public abstract class VersionSpec
{
    private readonly string _text;

    private protected VersionSpec(string text) => _text = text;

    public abstract bool Matches(CondaVersion version);

    public override string ToString() => _text;

    /// <returns>False for what is no specification.</returns>
    public static bool TryParse(string text, [NotNullWhen(true)] out VersionSpec? spec)
    {
        int at = 0;
        string trimmed = text.Trim();
        spec = trimmed.Length == 0 ? null : ParseAny(trimmed, ref at);
        if (spec is not null && at < trimmed.Length)
        {
            spec = null;
        }
        return spec is not null;
    }

    private static VersionSpec? ParseAny(string text, ref int at)
    {
        var alternatives = new List<VersionSpec>();
        int start = at;
        do
        {
            if (ParseAll(text, ref at) is not { } alternative)
            {
                return null;
            }
            alternatives.Add(alternative);
        } while (Take(text, ref at, '|'));
        return alternatives.Count == 1 ? alternatives[0] : new AnyOf(text[start..at], [.. alternatives]);
    }

    private static VersionSpec? ParseAll(string text, ref int at)
    {
        var terms = new List<VersionSpec>();
        int start = at;
        do
        {
            SkipBlanks(text, ref at);
            VersionSpec? term = Take(text, ref at, '(') ? ParseInParentheses(text, ref at) : ParseTerm(text, ref at);
            if (term is null)
            {
                return null;
            }
            terms.Add(term);
        } while (Take(text, ref at, ','));
        return terms.Count == 1 ? terms[0] : new AllOf(text[start..at], [.. terms]);
    }

    private static VersionSpec? ParseInParentheses(string text, ref int at) =>
        ParseAny(text, ref at) is { } inner && Take(text, ref at, ')') ? inner : null;

    private static VersionSpec? ParseTerm(string text, ref int at)
    {
        int end = text.AsSpan(at).IndexOfAny("|,() ");
        string term = end < 0 ? text[at..] : text.Substring(at, end);
        at += term.Length;
        int operators = term.AsSpan().IndexOfAnyExcept("=<>!~");
        string sign = operators < 0 ? term : term[..operators];
        string rest = term[sign.Length..];
        if (rest == "*" && sign.Length == 0)
        {
            return new Every(term);
        }
        bool star = rest.EndsWith('*');
        string number = star ? rest[..^1].TrimEnd('.') : rest;
        return CondaVersion.TryParse(number, out CondaVersion? version) ? Create(term, sign, version, star) : null;
    }

    private static Comparison? Create(string term, string sign, CondaVersion version, bool star) =>
        sign switch
        {
            "" when star => new Comparison(term, candidate => candidate.StartsWith(version)),
            "" or "==" => new Comparison(term, candidate => candidate.Equals(version)),
            "=" => new Comparison(term, candidate => candidate.StartsWith(version)),
            "!=" when star => new Comparison(term, candidate => !candidate.StartsWith(version)),
            "!=" => new Comparison(term, candidate => !candidate.Equals(version)),
            ">" when star => new Comparison(term, candidate => candidate.CompareTo(version) >= 0),
            ">" => new Comparison(term, candidate => candidate.CompareTo(version) > 0),
            ">=" => new Comparison(term, candidate => candidate.CompareTo(version) >= 0),
            "<" => new Comparison(term, candidate => candidate.CompareTo(version) < 0),
            "<=" => new Comparison(term, candidate => candidate.CompareTo(version) <= 0),
            "~=" => new Comparison(term, candidate => candidate.IsCompatibleWith(version)),
            _ => null,
        };

    private static bool Take(string text, ref int at, char wanted)
    {
        int next = at;
        SkipBlanks(text, ref next);
        if (next >= text.Length || text[next] != wanted)
        {
            return false;
        }
        at = next + 1;
        return true;
    }

    private static void SkipBlanks(string text, ref int at)
    {
        while (at < text.Length && text[at] == ' ')
        {
            at++;
        }
    }

    private sealed class Every(string text) : VersionSpec(text)
    {
        public override bool Matches(CondaVersion version) => true;
    }

    private sealed class Comparison(string text, Predicate<CondaVersion> holds) : VersionSpec(text)
    {
        public override bool Matches(CondaVersion version) => holds(version);
    }

    private sealed class AnyOf(string text, VersionSpec[] alternatives) : VersionSpec(text)
    {
        public override bool Matches(CondaVersion version) =>
            Array.Exists(alternatives, alternative => alternative.Matches(version));
    }

    private sealed class AllOf(string text, VersionSpec[] terms) : VersionSpec(text)
    {
        public override bool Matches(CondaVersion version) => Array.TrueForAll(terms, term => term.Matches(version));
    }
}
