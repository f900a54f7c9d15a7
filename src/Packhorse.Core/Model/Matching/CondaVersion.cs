using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Packhorse.Model.Matching;

/// <summary>
/// A version of a conda package and its place in conda's order (CEP 33): epoch, segments of numbers and words, a local part. Equal
/// versions may be written differently: <c>1.0</c> and <c>1</c>.
/// </summary>
public sealed class CondaVersion : IEquatable<CondaVersion>
{
    private readonly ulong _epoch;
    private readonly Segment[] _segments;
    private readonly Segment[] _local;
    private readonly string _text;

    private CondaVersion(ulong epoch, Segment[] segments, Segment[] local, string text)
    {
        _epoch = epoch;
        _segments = segments;
        _local = local;
        _text = text;
    }

    /// <returns>False for what is no version.</returns>
    public static bool TryParse(string text, [NotNullWhen(true)] out CondaVersion? version)
    {
        version = null;
        string rest = text.Trim().ToLowerInvariant();
        ulong epoch = 0;
        int mark = rest.IndexOf('!', StringComparison.Ordinal);
        if (mark >= 0)
        {
            if (!ulong.TryParse(rest[..mark], NumberStyles.None, CultureInfo.InvariantCulture, out epoch))
            {
                return false;
            }
            rest = rest[(mark + 1)..];
        }
        int plus = rest.IndexOf('+', StringComparison.Ordinal);
        string main = plus < 0 ? rest : rest[..plus];
        Segment[]? local = [];
        if (
            !TryParseSegments(main, out Segment[]? segments)
            || (plus >= 0 && !TryParseSegments(rest[(plus + 1)..], out local))
        )
        {
            return false;
        }
        version = new CondaVersion(epoch, segments, local, text);
        return true;
    }

    /// <returns>Less than, equal to or greater than 0, as this is older than, as old as or younger than the other.</returns>
    public int CompareTo(CondaVersion other)
    {
        int epochs = _epoch.CompareTo(other._epoch);
        int segments = epochs != 0 ? epochs : Compare(_segments, other._segments);
        return segments != 0 ? segments : Compare(_local, other._local);
    }

    public bool Equals(CondaVersion? other) => other is not null && CompareTo(other) == 0;

    public override bool Equals(object? obj) => Equals(obj as CondaVersion);

    // Trailing zeros do not count.
    public override int GetHashCode() => _epoch.GetHashCode();

    /// <summary>True when it goes on after all segments of another, as 1.0.3 does after 1.0 and 1.0rc1 does not.</summary>
    public bool StartsWith(CondaVersion prefix)
    {
        if (_epoch != prefix._epoch)
        {
            return false;
        }
        if (prefix._local.Length > 0)
        {
            return Compare(_segments, prefix._segments) == 0 && StartsWith(_local, prefix._local);
        }
        return StartsWith(_segments, prefix._segments);
    }

    /// <summary>Not older than another, and equal to it but for the last segment (<c>~=</c>).</summary>
    public bool IsCompatibleWith(CondaVersion other) =>
        CompareTo(other) >= 0
        && StartsWith(new CondaVersion(other._epoch, other._segments[..^1], other._local, other._text));

    public override string ToString() => _text;

    private static bool StartsWith(Segment[] segments, Segment[] prefix)
    {
        for (int i = 0; i < prefix.Length; i++)
        {
            if (Segment.At(segments, i).CompareTo(prefix[i]) != 0)
            {
                return false;
            }
        }
        return true;
    }

    private static int Compare(Segment[] left, Segment[] right)
    {
        for (int i = 0; i < Math.Max(left.Length, right.Length); i++)
        {
            int compared = Segment.At(left, i).CompareTo(Segment.At(right, i));
            if (compared != 0)
            {
                return compared;
            }
        }
        return 0;
    }

    private static bool TryParseSegments(string text, [NotNullWhen(true)] out Segment[]? segments)
    {
        segments = null;
        // One of "-" and "_" may separate, not both; at the end either is a part of the last segment.
        char trailing = text.Length > 1 && text[^1] is '-' or '_' ? text[^1] : '\0';
        string separated = trailing == '\0' ? text : text[..^1];
        if (text.Contains('-', StringComparison.Ordinal) && text.Contains('_', StringComparison.Ordinal))
        {
            return false;
        }
        string[] parts = separated.Split('.', '-', '_');
        var parsed = new Segment[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!Segment.TryParse(parts[i], i == parts.Length - 1 && trailing != '\0', out parsed[i]))
            {
                return false;
            }
        }
        segments = parsed;
        return true;
    }

    /// <summary>Numbers and words between two separators; one that begins with a word has a 0 before it.</summary>
    private readonly struct Segment : IComparable<Segment>
    {
        private static readonly Segment Zero = new([new Component(0)]);

        private readonly Component[] _components;

        private Segment(Component[] components) => _components = components;

        public static Segment At(Segment[] segments, int index) => index < segments.Length ? segments[index] : Zero;

        public static bool TryParse(string text, bool trailing, out Segment segment)
        {
            segment = default;
            var components = new List<Component>();
            int at = 0;
            while (at < text.Length)
            {
                bool digits = char.IsAsciiDigit(text[at]);
                int end = at;
                while (end < text.Length && char.IsAsciiDigit(text[end]) == digits)
                {
                    if (!char.IsAsciiLetterOrDigit(text[end]))
                    {
                        return false;
                    }
                    end++;
                }
                if (!digits && components.Count == 0)
                {
                    components.Add(new Component(0));
                }
                if (!Component.TryParse(text[at..end], out Component component))
                {
                    return false;
                }
                components.Add(component);
                at = end;
            }
            if (components.Count == 0)
            {
                return false;
            }
            if (trailing)
            {
                components.Add(Component.Underscore);
            }
            segment = new Segment([.. components]);
            return true;
        }

        public int CompareTo(Segment other)
        {
            for (int i = 0; i < Math.Max(_components.Length, other._components.Length); i++)
            {
                int compared = ComponentAt(i).CompareTo(other.ComponentAt(i));
                if (compared != 0)
                {
                    return compared;
                }
            }
            return 0;
        }

        private Component ComponentAt(int index) => index < _components.Length ? _components[index] : new Component(0);
    }

    /// <summary>A number, or a word: dev comes first, then "_", other words, numbers, and post.</summary>
    private readonly struct Component(ulong number) : IComparable<Component>
    {
        private const int Dev = 0;
        private const int UnderscoreRank = 1;
        private const int Word = 2;
        private const int Number = 3;
        private const int Post = 4;

        private readonly ulong _number = number;
        private readonly string? _word;
        private readonly int _rank = Number;

        private Component(int rank, string? word)
            : this(0)
        {
            _rank = rank;
            _word = word;
        }

        public static Component Underscore { get; } = new(UnderscoreRank, null);

        public static bool TryParse(string text, out Component component)
        {
            component = text switch
            {
                "dev" => new Component(Dev, null),
                "post" => new Component(Post, null),
                _ => new Component(Word, text),
            };
            if (!char.IsAsciiDigit(text[0]))
            {
                return true;
            }
            bool fits = ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number);
            component = new Component(number);
            return fits;
        }

        public int CompareTo(Component other)
        {
            int ranks = _rank.CompareTo(other._rank);
            return ranks != 0 ? ranks
                : _rank == Word ? string.CompareOrdinal(_word, other._word)
                : _number.CompareTo(other._number);
        }
    }
}
