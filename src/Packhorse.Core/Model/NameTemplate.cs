using System.Globalization;
using System.Text.RegularExpressions;

namespace Packhorse.Model;

/// <summary>
/// A path in whose last part <c>{sha256:N}</c> stands for the first N digits of the SHA-256 of the whole file as stored, or
/// <c>{root:N}</c> for those of an image's root: more than N where the first N are all decimal, so that they are no date.
/// </summary>
public sealed partial class NameTemplate
{
    private readonly string _before;
    private readonly string _after;

    private NameTemplate(string before, string after, int digits) =>
        (_before, _after, Digits) = (before, after, digits);

    /// <summary>The fewest digits that stand in the name; 0 for a name that does not depend on its content.</summary>
    public int Digits { get; }

    /// <summary>True when the name is known only when the content is.</summary>
    public bool DependsOnContent => Digits > 0;

    /// <summary>True when the name has digits of an image's root.</summary>
    public bool DependsOnRoot { get; private init; }

    /// <summary>A name as it is, whatever is in it.</summary>
    public static NameTemplate Literal(string name) => new(name, "", 0);

    /// <exception cref="UsageException">A placeholder that is none, or that stands for a part of a directory's name.</exception>
    public static NameTemplate Parse(string path)
    {
        Match first = Placeholders().Match(path);
        if (!first.Success)
        {
            return new NameTemplate(path, "", 0);
        }
        string what = first.Groups["what"].Value;
        int digits = int.TryParse(
            first.Groups["digits"].Value,
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out int n
        )
            ? n
            : 0;
        string? mistake =
            first.NextMatch().Success ? "has more than one placeholder"
            : digits is < NameHash.FewestDigits or > 2 * Digest.Size
                ? $"has {first.Value}: {{{what}:N}} takes {NameHash.FewestDigits} to {2 * Digest.Size} digits, as in {{{what}:8}}"
            : path.AsSpan(first.Index).Contains('/') ? $"has {first.Value} in the name of a directory"
            : null;
        return mistake is null
            ? new NameTemplate(path[..first.Index], path[(first.Index + first.Length)..], digits)
            {
                DependsOnRoot = what.Equals("root", StringComparison.OrdinalIgnoreCase),
            }
            : throw new UsageException(ErrorCodes.BadArguments, $"the output {EntryPath.Quote(path)} {mistake}");
    }

    /// <summary>A name that has a hash: the hash of the same kind stands there again.</summary>
    /// <returns>Null for a name without one.</returns>
    public static NameTemplate? OfNameWithHash(string name, bool ofRoot)
    {
        if (NameHash.Locate(name) is not var (hash, place))
        {
            return null;
        }
        return new NameTemplate(name[..place.Start], name[place.End..], hash.Digits.Length) { DependsOnRoot = ofRoot };
    }

    /// <summary>A name without hash gets one before its ending.</summary>
    public static NameTemplate WithHash(string name)
    {
        int dot = name.LastIndexOf('.');
        string stem = dot > 0 ? name[..dot] : name;
        return new NameTemplate($"{stem}-", dot > 0 ? name[dot..] : "", NameHash.FewestDigits);
    }

    /// <param name="digest">Of the file, or its root where <see cref="DependsOnRoot"/> says so.</param>
    /// <param name="atLeast">Digits, where more than <see cref="Digits"/> are wanted.</param>
    /// <param name="attempt">The number of a further try, behind the hash.</param>
    public string Fill(Digest digest, int atLeast = 0, int? attempt = null)
    {
        if (!DependsOnContent)
        {
            return _before;
        }
        string number = attempt is { } n ? string.Create(CultureInfo.InvariantCulture, $".{n}") : "";
        return $"{_before}{NameHash.DigitsOf(digest, Math.Max(Digits, atLeast))}{number}{_after}";
    }

    // Whatever looks as if it was meant as one: a name with braces in it by mistake would be found much later.
    [GeneratedRegex(@"\{(?<what>sha256|root)(:(?<digits>[^}/]*))?\}", RegexOptions.IgnoreCase)]
    private static partial Regex Placeholders();
}
