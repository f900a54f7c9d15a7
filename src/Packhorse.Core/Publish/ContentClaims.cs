using Packhorse.Model;

namespace Packhorse.Publish;

/// <summary>What is known of a file before it is brought: a whole SHA-256, and digits in names.</summary>
/// <param name="Names">Where it is from and what it shall be called, as far as they have a hash.</param>
public sealed record ContentClaims(Digest? Sha256, IReadOnlyList<string> Names)
{
    private const string FragmentName = "sha256=";

    /// <summary>False when nothing will be compared.</summary>
    public bool Any => Sha256 is not null || Names.Count > 0;

    /// <param name="url">With <c>#sha256=HEX</c> or without.</param>
    /// <param name="expected">A digest that the user knows by another way.</param>
    /// <param name="output">The file to be made.</param>
    /// <exception cref="UsageException">The URL has another digest than the user, or something that is none.</exception>
    public static ContentClaims Of(string url, Digest? expected, string output)
    {
        string[] parts = url.Split('#', 2);
        Digest? inUrl = parts.Length > 1 ? OfFragment(parts[1], url) : null;
        if (inUrl is { } a && expected is { } b && a != b)
        {
            throw new UsageException(ErrorCodes.BadArguments, $"the URL says sha256 {a}, --expect says {b}");
        }
        string path = parts[0].Split('?', 2)[0];
        string[] names = [Uri.UnescapeDataString(path[(path.LastIndexOf('/') + 1)..]), Path.GetFileName(output)];
        return new ContentClaims(
            inUrl ?? expected,
            [.. names.Where(name => NameHash.Find(name) is not null).Distinct(StringComparer.Ordinal)]
        );
    }

    /// <summary>True when nothing that is known contradicts these digests.</summary>
    /// <param name="root">Of an image; asked only where the name does not have digits of the SHA-256.</param>
    public bool Accept(Digest sha256, Func<Digest?> root) =>
        (Sha256 is not { } whole || whole == sha256)
        && Names.All(name =>
            NameHash.Find(name) is { } hash && (hash.Fits(sha256) || (root() is { } known && hash.Fits(known)))
        );

    /// <summary>True when nothing but the root of an image was compared, which says nothing of what is before it.</summary>
    internal bool AreByRootAlone(Digest sha256) =>
        Sha256 is null && Names.Any(name => NameHash.Find(name)?.Fits(sha256) == false);

    /// <summary>For messages.</summary>
    public string Wanted =>
        Sha256 is { } whole ? $"sha256 {whole}"
        : Names.Count > 0
            ? $"a digest that begins as the name says ({string.Join(", ", Names.Select(EntryPath.Quote))})"
        : "anything";

    /// <summary>The URL as servers are asked for it. A path may have the sign in its name.</summary>
    public static string WithoutFragment(string url) =>
        url.Contains("://", StringComparison.Ordinal) || url.Contains($"#{FragmentName}", StringComparison.Ordinal)
            ? url.Split('#', 2)[0]
            : url;

    private static Digest? OfFragment(string fragment, string url)
    {
        string? value = fragment
            .Split('&')
            .FirstOrDefault(part => part.StartsWith(FragmentName, StringComparison.Ordinal))
            ?[FragmentName.Length..];
        return value is null ? null
            : Digest.TryParse(value, out Digest digest) ? digest
            : throw new UsageException(
                ErrorCodes.BadArguments,
                $"{Redaction.Quote(url)} has a #sha256= that is not 64 hexadecimal digits"
            );
    }
}
