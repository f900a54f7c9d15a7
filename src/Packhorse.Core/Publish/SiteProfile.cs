using System.Reflection;
using System.Text;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Publish;

/// <summary>How jobs get a file.</summary>
public enum TransferProtocol
{
    /// <summary>From the access point, by HTCondor itself.</summary>
    Plain,

    /// <summary>Through a Pelican federation and its caches.</summary>
    Osdf,

    /// <summary>From a file system that the nodes have mounted.</summary>
    File,
}

/// <summary>A directory of a site and what is below it.</summary>
/// <param name="Url">The URL of that directory in a federation; null where it has none.</param>
/// <param name="Notes">Rules of the site, as sentences.</param>
public sealed record SitePlace(
    string Directory,
    string? Url,
    long? QuotaBytes,
    long? QuotaItems,
    IReadOnlyList<string> Notes
);

/// <summary>Which way files of a size take.</summary>
/// <param name="UpTo">Bytes, the last one included.</param>
/// <param name="SubmitLines">What the submit file needs besides.</param>
public sealed record SizeRule(
    TransferProtocol Protocol,
    long UpTo,
    IReadOnlyList<string> Notes,
    IReadOnlyList<string> SubmitLines
);

/// <summary>How jobs get one file.</summary>
/// <param name="Input">What <c>transfer_input_files</c> has for it.</param>
/// <param name="FederationUrl">Null where no federation has it.</param>
/// <param name="SubmitLines">Further lines of the submit file.</param>
/// <param name="Notes">Sentences for people.</param>
public sealed record TransferAdvice(
    string Input,
    string? FederationUrl,
    IReadOnlyList<string> SubmitLines,
    IReadOnlyList<string> Notes
);

/// <summary>
/// What a site says of its storage: which directories are in a federation, which size goes which way, quotas. A TOML file; those of
/// some sites are part of this program (<c>docs/reference/sites.md</c>).
/// </summary>
public sealed record SiteProfile
{
    private const string Resources = "Packhorse.Publish.Sites.";

    public required string Name { get; init; }

    public string? About { get; init; }

    /// <summary>The longest directory first.</summary>
    public IReadOnlyList<SitePlace> Places { get; init; } = [];

    /// <summary>The smallest size first.</summary>
    public IReadOnlyList<SizeRule> Sizes { get; init; } = [];

    /// <summary>What holds for files larger than all of <see cref="Sizes"/>.</summary>
    public IReadOnlyList<string> Beyond { get; init; } = [];

    /// <summary>Names of the profiles that are part of this program.</summary>
    public static IReadOnlyList<string> Known { get; } = ["chtc", "ospool", "generic"];

    /// <param name="nameOrPath">A name of <see cref="Known"/> or of a file <c>NAME.toml</c> in <paramref name="own"/>; or a path.</param>
    /// <param name="own">The directory of the user's profiles, which come before those of this program; null: there is none.</param>
    /// <exception cref="NotFoundException">There is none.</exception>
    /// <exception cref="UsageException">The file makes no sense.</exception>
    public static SiteProfile Load(string nameOrPath, string? own)
    {
        if (nameOrPath.Contains('/') || nameOrPath.EndsWith(".toml", StringComparison.Ordinal))
        {
            return ReadFile(nameOrPath);
        }
        string? file = own is null ? null : Path.Combine(own, $"{nameOrPath}.toml");
        if (file is not null && FileTree.FileExists(file))
        {
            return ReadFile(file);
        }
        return Known.Contains(nameOrPath)
            ? ReadEmbedded(nameOrPath)
            : throw new NotFoundException(
                ErrorCodes.FileNotFound,
                $"there is no profile of a site {EntryPath.Quote(nameOrPath)}"
            )
            {
                Hint = $"known are {string.Join(", ", Known)}; your own can be {file ?? "given by its path"}",
            };
    }

    /// <summary>The known site that has this directory, else the generic one.</summary>
    public static SiteProfile Guess(string? directory, string? own) =>
        Known
            .Select(name => Load(name, own))
            .First(site => site.Name == "generic" || (directory is not null && site.PlaceOf(directory) is not null));

    /// <summary>The known site that has this directory of a federation, else the generic one.</summary>
    public static SiteProfile Guess(PelicanUrl directory, string? own) =>
        Known
            .Select(name => Load(name, own))
            .First(site => site.Name == "generic" || site.Places.Any(place => IsBelow(directory, place.Url)));

    private static bool IsBelow(PelicanUrl directory, string? place) =>
        place is not null
        && PelicanUrl.TryParse(place, out PelicanUrl? url)
        && url.Host == directory.Host
        && $"{directory.Path.TrimEnd('/')}/".StartsWith($"{url.Path.TrimEnd('/')}/", StringComparison.Ordinal);

    /// <exception cref="UsageException">The file makes no sense.</exception>
    public static SiteProfile Parse(string toml, string name, string where) =>
        SiteProfileReader.Read(toml, name, where);

    /// <param name="directory">A path of the site, of a directory or of a file.</param>
    public SitePlace? PlaceOf(string directory) =>
        Places.FirstOrDefault(place =>
            directory.StartsWith(place.Directory, StringComparison.Ordinal)
            && (directory.Length == place.Directory.Length || directory[place.Directory.Length] == '/')
        );

    /// <summary>The rule for a file; null where there is none.</summary>
    /// <param name="size">Bytes.</param>
    public SizeRule? RuleFor(long size) => Sizes.FirstOrDefault(rule => size <= rule.UpTo);

    /// <summary>The URL by which a federation has a file of the site; null where it has none.</summary>
    /// <param name="path">Absolute.</param>
    public string? FederationUrlOf(string path) =>
        PlaceOf(path) is { Url: { } url } place
            ? $"{url.TrimEnd('/')}{PelicanUrl.Escape(path[place.Directory.Length..])}"
            : null;

    /// <summary>Where the site's file system has what a federation calls by this URL; null where it has none.</summary>
    public string? PathOf(PelicanUrl url)
    {
        SitePlace? place = Places.FirstOrDefault(place => IsBelow(url, place.Url));
        return place is null
            ? null
            : place.Directory
                + Uri.UnescapeDataString(url.Path[PelicanUrl.Parse(place.Url!).Path.TrimEnd('/').Length..]);
    }

    /// <summary>How a submit file names a file: by its size and by where it is.</summary>
    /// <param name="path">Absolute, in the site's file system; null where only <paramref name="url"/> is known.</param>
    /// <param name="url">Its URL, where it was published by one.</param>
    /// <param name="size">Bytes.</param>
    public TransferAdvice AdviseOn(string? path, string? url, long size)
    {
        SizeRule? rule = RuleFor(size);
        SitePlace? place = path is null ? null : PlaceOf(path);
        string? known = url ?? (path is null ? null : FederationUrlOf(path));
        bool byFile = place is not null && (known is null || rule?.Protocol == TransferProtocol.File);
        string input = byFile ? $"file://{PelicanUrl.Escape(path!)}" : known ?? path!;
        SizeRule? taken = byFile ? Sizes.FirstOrDefault(size => size.Protocol == TransferProtocol.File) : rule;
        IReadOnlyList<string> ofSize =
            rule is not null ? rule.Notes
            : Sizes.Count > 0 ? Beyond
            : [];
        return new TransferAdvice(
            input,
            known,
            taken?.SubmitLines ?? [],
            [.. ofSize, .. place?.Notes ?? [], .. Quota(place)]
        );
    }

    private static IEnumerable<string> Quota(SitePlace? place)
    {
        if (place is { QuotaBytes: { } bytes })
        {
            string items = place.QuotaItems is { } count ? $" and {count:N0} files" : "";
            yield return $"the usual quota below {place.Directory} is {bytes / 1_000_000_000:N0} GB{items}";
        }
    }

    private static SiteProfile ReadFile(string path) =>
        Parse(
            Encoding.UTF8.GetString(InputFile.ReadAllBytes(path, Limits.TextBytes)),
            Path.GetFileNameWithoutExtension(path),
            path
        );

    private static SiteProfile ReadEmbedded(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"{Resources}{name}.toml")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return Parse(reader.ReadToEnd(), name, $"the profile {name}");
    }
}
