using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Packhorse.Model.Matching;

/// <summary>
/// Which packages are wanted (CEP 29): <c>numpy &gt;=1.8,&lt;2 py311*</c>, <c>channel/subdir::name[version='&gt;=1', build=…]</c>. What it says of
/// channels, files and digests is read and does not choose: the packages at hand are chosen already.
/// </summary>
public sealed class MatchSpec
{
    private static readonly SearchValues<char> EndsOfNames = SearchValues.Create(" <>=!~");

    private readonly string _text;

    private MatchSpec(string text, string name)
    {
        _text = text;
        Name = name;
    }

    /// <summary>Lower case.</summary>
    public string Name { get; }

    /// <summary>Null: any.</summary>
    public VersionSpec? Version { get; private init; }

    /// <summary>A build, with stars for anything, or a regular expression between "^" and "$". Null: any.</summary>
    public string? Build { get; private init; }

    /// <summary>What build numbers are wanted, as a specification of versions. Null: any.</summary>
    public VersionSpec? BuildNumber { get; private init; }

    /// <returns>False for what is no specification.</returns>
    public static bool TryParse(string text, [NotNullWhen(true)] out MatchSpec? spec)
    {
        spec = null;
        int comment = text.IndexOf('#', StringComparison.Ordinal);
        string rest = (comment < 0 ? text : text[..comment]).Trim();
        if (!TryTakeBrackets(ref rest, out Dictionary<string, string>? brackets))
        {
            return false;
        }
        int channel = rest.IndexOf("::", StringComparison.Ordinal);
        rest = channel < 0 ? rest : rest[(channel + 2)..];
        int end = rest.AsSpan().IndexOfAny(EndsOfNames);
        string name = end < 0 ? rest : rest[..end];
        if (name.Length == 0)
        {
            return false;
        }
        (string? version, string? build) = Split(end < 0 ? "" : rest[end..].Trim());
        version = brackets.GetValueOrDefault("version", version!);
        build = brackets.GetValueOrDefault("build", build!);
        if (
            !TryParseVersion(version, out VersionSpec? versions)
            || !TryParseVersion(brackets.GetValueOrDefault("build_number"), out VersionSpec? numbers)
        )
        {
            return false;
        }
        spec = new MatchSpec(text, name.ToLowerInvariant())
        {
            Version = versions,
            Build = build is null or "*" ? null : build,
            BuildNumber = numbers,
        };
        return true;
    }

    /// <summary>The name is not looked at; versions that are none match nothing but "any".</summary>
    public bool Matches(string version, string build, ulong buildNumber = 0)
    {
        if (
            Version is not null
            && !(CondaVersion.TryParse(version, out CondaVersion? parsed) && Version.Matches(parsed))
        )
        {
            return false;
        }
        if (
            BuildNumber is not null
            && !(
                CondaVersion.TryParse(buildNumber.ToString(CultureInfo.InvariantCulture), out CondaVersion? number)
                && BuildNumber.Matches(number)
            )
        )
        {
            return false;
        }
        return Build is null || MatchesBuild(build);
    }

    public override string ToString() => _text;

    // Stars stand for anything. Regular expressions occur in nothing but hand-written specifications: they are not judged.
    private bool MatchesBuild(string build) =>
        (Build!.StartsWith('^') && Build.EndsWith('$'))
        || MatchesGlob(Build.ToLowerInvariant(), build.ToLowerInvariant());

    private static bool MatchesGlob(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text)
    {
        int star = pattern.IndexOf('*');
        if (star < 0)
        {
            return pattern.SequenceEqual(text);
        }
        if (!text.StartsWith(pattern[..star]))
        {
            return false;
        }
        text = text[star..];
        pattern = pattern[(star + 1)..];
        // Each piece between two stars where it first fits leaves the most room for the others.
        while (pattern.IndexOf('*') is var next and >= 0)
        {
            int at = text.IndexOf(pattern[..next]);
            if (at < 0)
            {
                return false;
            }
            text = text[(at + next)..];
            pattern = pattern[(next + 1)..];
        }
        return text.EndsWith(pattern);
    }

    private static bool TryParseVersion(string? text, out VersionSpec? spec)
    {
        spec = null;
        return string.IsNullOrEmpty(text) || VersionSpec.TryParse(text, out spec);
    }

    // "V", "V B", "V=B"; blanks around "," and "|" belong to the version.
    private static (string? Version, string? Build) Split(string rest)
    {
        if (rest.Length == 0)
        {
            return (null, null);
        }
        string compact = WithoutInnerBlanks(rest);
        int blank = compact.IndexOf(' ', StringComparison.Ordinal);
        int separator = blank >= 0 ? blank : FindBuild(compact);
        if (separator < 0)
        {
            return (compact, null);
        }
        string version = compact[..separator];
        // With a build even "=1.8" is exactly that.
        bool loose = version.StartsWith('=') && !version.StartsWith("==", StringComparison.Ordinal);
        return (loose ? "=" + version : version, compact[(separator + 1)..].Trim());
    }

    private static string WithoutInnerBlanks(string text)
    {
        var kept = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            bool dropped =
                text[i] == ' '
                && (
                    (kept.Length > 0 && kept[^1] is (',' or '|' or '<' or '>' or '=' or '!' or '~'))
                    || text.AsSpan(i).TrimStart(' ') is [',' or '|', ..]
                );
            if (!dropped)
            {
                kept.Append(text[i]);
            }
        }
        return kept.ToString();
    }

    // An "=" that is part of no operator.
    private static int FindBuild(string text)
    {
        for (int i = 1; i < text.Length; i++)
        {
            bool operatorBefore = text[i - 1] is '=' or '<' or '>' or '!' or '~';
            if (text[i] == '=' && !operatorBefore && text[i - 1] is not (',' or '|'))
            {
                return i + 1 < text.Length && text[i + 1] == '=' ? -1 : i;
            }
        }
        return -1;
    }

    // "[key=value, key='value']" at the end.
    private static bool TryTakeBrackets(ref string text, out Dictionary<string, string> values)
    {
        values = new Dictionary<string, string>(StringComparer.Ordinal);
        int open = text.IndexOf('[', StringComparison.Ordinal);
        if (open < 0)
        {
            return true;
        }
        if (!text.EndsWith(']'))
        {
            return false;
        }
        string rest = text[(open + 1)..^1];
        while (rest.IndexOf('=', StringComparison.Ordinal) is var equals and > 0)
        {
            string key = rest[..equals].Trim(' ', ',');
            rest = rest[(equals + 1)..].TrimStart();
            bool quoted = rest is ['"' or '\'', ..];
            int end = quoted ? rest.IndexOf(rest[0], 1) : rest.IndexOf(',', StringComparison.Ordinal);
            if (quoted && end < 0)
            {
                return false;
            }
            values[key] = end < 0 ? rest.Trim() : rest[(quoted ? 1 : 0)..end].Trim();
            rest = end < 0 ? "" : rest[(end + 1)..];
        }
        text = text[..open].Trim();
        return true;
    }
}
