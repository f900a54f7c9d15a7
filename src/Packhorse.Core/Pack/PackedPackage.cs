using Packhorse.Model;
using Packhorse.Wheels;

namespace Packhorse.Pack;

/// <summary>A package that a pack lists, or a wheel that it holds.</summary>
public sealed record PackedPackage
{
    public required PackageRecord Record { get; init; }

    public required string FileName { get; init; }

    /// <summary>In the pack.</summary>
    public required string Path { get; init; }

    /// <summary>Size and digest by the pack's manifest, else by its repodata.json.</summary>
    public required ExpectedContent Expected { get; init; }

    /// <summary>Where the package was published; of other tools' packs that is not known, and the path in the pack stands in.</summary>
    public required string Url { get; init; }

    /// <summary>The channel of that URL; null when not known.</summary>
    public string? Channel { get; init; }

    /// <summary>Of a wheel: the project's own manifest names that URL.</summary>
    public bool IsDirect { get; init; }

    /// <summary>Of a conda package.</summary>
    public PackageArchiveKind Kind =>
        FileName.EndsWith(PackageFileName.TarBz2Extension, StringComparison.Ordinal)
            ? PackageArchiveKind.TarBz2
            : PackageArchiveKind.Conda;

    /// <exception cref="CorruptDataException">The manifest and repodata.json contradict each other.</exception>
    public static PackedPackage Create(string subdir, string fileName, PackageRecord record, PackMember? member)
    {
        string path = PackLayout.PackagePath(subdir, fileName);
        if (member is not null && record.Sha256 is { } listed && listed != member.Sha256)
        {
            throw new CorruptDataException(
                ErrorCodes.BadPack,
                $"{path}: pixi-pack.json and repodata.json name different SHA-256 digests"
            );
        }
        return new PackedPackage
        {
            Record = record,
            FileName = fileName,
            Path = path,
            Expected = member is null ? record.Content : new ExpectedContent(member.Size, member.Sha256, null),
            Url = member?.Url ?? $"file:///{path}",
            Channel = ChannelOf(member?.Url),
        };
    }

    /// <param name="path">In the pack.</param>
    /// <exception cref="CorruptDataException">It has no name of a wheel.</exception>
    public static PackedPackage CreateWheel(string path, PackMember? member, string where)
    {
        string fileName = path[(PackLayout.WheelDirectory.Length + 1)..];
        ExpectedContent expected = member is null ? default : new ExpectedContent(member.Size, member.Sha256, null);
        return new PackedPackage
        {
            Record = WheelFileName.Parse(fileName, where).ToRecord(expected),
            FileName = fileName,
            Path = path,
            Expected = expected,
            Url = member?.Url ?? $"file:///{path}",
            IsDirect = member is { IsDirect: true, Url: not null },
        };
    }

    /// <summary>The URL without its last two segments, subdir and file; null when it has none.</summary>
    public static string? ChannelOf(string? url)
    {
        int file = url?.LastIndexOf('/') ?? -1;
        int subdir = file > 0 ? url!.LastIndexOf('/', file - 1) : -1;
        return subdir > 0 && url!.Contains("://", StringComparison.Ordinal) ? url[..subdir] : null;
    }
}
