using Packhorse.Image;

namespace Packhorse.Pack;

/// <summary>What an image holds and what unpacking it takes, from its manifest and footer alone.</summary>
public sealed record ImageSummary
{
    /// <summary>The file.</summary>
    public required string Path { get; init; }

    public required ImageManifest Manifest { get; init; }

    public required ImageFooter Footer { get; init; }

    /// <summary>The file begins with a program that unpacks, mounts and verifies it.</summary>
    public required bool IsSelfExtracting { get; init; }

    /// <inheritdoc cref="PackSummary.VirtualPackages"/>
    public required IReadOnlyList<string> VirtualPackages { get; init; }

    /// <summary>Bytes that are read ahead when the image is mounted, because a record said so.</summary>
    public required long HotSetBytes { get; init; }

    /// <summary>Where the file system begins in the file: what other tools want to be told.</summary>
    public long Offset => Footer.FileSystem.Offset;

    /// <exception cref="Model.CorruptDataException">The hot set is damaged.</exception>
    public static ImageSummary Of(ImageFile file)
    {
        ImageManifest manifest = file.Image.Manifest;
        return new ImageSummary
        {
            Path = file.Image.Where,
            Manifest = manifest,
            Footer = file.Image.Footer,
            IsSelfExtracting = file.Header is not null,
            HotSetBytes = file.Image.ReadHotSet().Blocks.Sum(range => range.Length),
            VirtualPackages = PackSummary.VirtualPackagesOf(manifest.Packages.Select(package => package.Record)),
        };
    }
}
