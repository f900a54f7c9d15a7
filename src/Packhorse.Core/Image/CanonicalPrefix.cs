using Packhorse.Model;

namespace Packhorse.Image;

/// <summary>The prefix that an image is made for when nobody names one: the same wherever it is made and mounted.</summary>
public static class CanonicalPrefix
{
    private const int DigitCount = 12;

    /// <summary>
    /// Directories that systems have and do not use, in the order in which they are tried; prefixes are made for the first.
    /// </summary>
    public static IReadOnlyList<string> Bases { get; } = ["/media", "/mnt", "/srv"];

    /// <summary>Below a base, by the digest of what is installed.</summary>
    public static string Below(string directory, Digest environment) => $"{directory}/p/{Digits(environment)}";

    /// <summary>What names the environment in paths.</summary>
    public static string Digits(Digest environment) => environment.ToString()[..DigitCount];

    public static string Of(Digest environment) => Below(Bases[0], environment);
}
