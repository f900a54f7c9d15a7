using System.Globalization;
using System.Text.RegularExpressions;

namespace Packhorse.Model;

/// <summary>
/// The hash in a file's name (<c>docs/FORMAT.md</c>, "Names with a hash"): the first digits of the SHA-256 of the whole file, or of
/// an image's root. It catches mistakes and caches that serve what was there before, not an attacker.
/// </summary>
/// <param name="Digits">8 to 64 hexadecimal digits, at least one of them a letter: a date is no hash.</param>
/// <param name="Attempt">The number behind it, of a name that was taken by something broken.</param>
public readonly partial record struct NameHash(string Digits, int? Attempt)
{
    public const int FewestDigits = 8;

    /// <param name="name">A file's name, or a path or URL that ends with one.</param>
    /// <returns>Null when it has no hash.</returns>
    public static NameHash? Find(string name) => Locate(name)?.Hash;

    public bool Fits(Digest digest) => digest.ToString().StartsWith(Digits, StringComparison.Ordinal);

    /// <summary>The fewest digits, at least so many, that can be told from a date.</summary>
    public static string DigitsOf(Digest digest, int atLeast)
    {
        string all = digest.ToString();
        int count = atLeast;
        while (count < all.Length && all.AsSpan(0, count).IndexOfAnyInRange('a', 'f') < 0)
        {
            count++;
        }
        return all[..count];
    }

    /// <summary>The hash of a name, and where it and the number behind it stand.</summary>
    internal static (NameHash Hash, Range Place)? Locate(string name)
    {
        Match match = Pattern().Match(name);
        Group digits = match.Groups["digits"];
        Group attempt = match.Groups["attempt"];
        if (!match.Success || digits.ValueSpan.IndexOfAnyInRange('a', 'f') < 0)
        {
            return null;
        }
        int end = attempt.Success ? attempt.Index + attempt.Length : digits.Index + digits.Length;
        int? number = int.TryParse(attempt.Value, NumberStyles.None, CultureInfo.InvariantCulture, out int n)
            ? n
            : null;
        return (new NameHash(digits.Value, number), digits.Index..end);
    }

    [GeneratedRegex(@"[-_.](?<digits>[0-9a-f]{8,64})(\.(?<attempt>[0-9]{1,9}))?\.(sh|tar|sqfs|ps1)\z")]
    private static partial Regex Pattern();
}
