using Packhorse.Codecs;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Pack;

namespace Packhorse.Condor;

/// <summary>What a job has to know of the environment that it brings.</summary>
public sealed record EnvironmentFacts
{
    // Of each file a last block that is half empty, on the average, and its inode.
    private const long BytesBesideContent = 2048 + 256;

    /// <summary>The environment's name.</summary>
    public required string Name { get; init; }

    public required Platform Platform { get; init; }

    public required bool IsImage { get; init; }

    /// <summary>It is a script that brings its own runtime.</summary>
    public required bool IsSelfExtracting { get; init; }

    /// <summary>It lacks packages, which another file has: what is said of sizes is of the others.</summary>
    public bool IsDelta { get; init; }

    public required long ArchiveBytes { get; init; }

    /// <summary>Of all files when unpacked.</summary>
    public required long UnpackedBytes { get; init; }

    public required long Files { get; init; }

    /// <summary>Of a self-extracting file: header and runtime, what is executed before anything else is verified.</summary>
    public long ProgramBytes { get; init; }

    /// <summary>The SHA-256 of the first <see cref="ProgramBytes"/>.</summary>
    public Digest? ProgramSha256 { get; init; }

    /// <summary>The root of an image; null for packs, of which the header vouches for the rest.</summary>
    public Digest? Root { get; init; }

    /// <summary>Dependencies on virtual packages, such as <c>__cuda >=12</c>.</summary>
    public required IReadOnlyList<string> VirtualPackages { get; init; }

    /// <summary>Names and versions of the packages.</summary>
    public required IReadOnlyList<PackageRecord> Packages { get; init; }

    /// <summary>What a sandbox holds when the archive is in it, and was unpacked there.</summary>
    public long BytesToUnpack => ArchiveBytes + UnpackedBytes + (Files * BytesBesideContent);

    /// <returns>Null for what is no environment of ours or of pixi-pack, and where there is nothing.</returns>
    /// <exception cref="CorruptDataException">It is one, and damaged.</exception>
    public static EnvironmentFacts? TryRead(string path)
    {
        if (FileTree.KindOf(path) != FileKind.File || !LooksLikeOne(path))
        {
            return null;
        }
        using ImageFile? image = ImageFile.TryOpen(path);
        return image is not null ? OfImage(image) : OfPack(path);
    }

    private static bool LooksLikeOne(string path)
    {
        Span<byte> beginning = stackalloc byte[SelfExtractingHeader.Magic.Length];
        using InputFile file = InputFile.Open(path);
        return SelfExtractingHeader.IsOne(beginning[..file.Read(beginning, 0)])
            || path.EndsWith(".sqfs", StringComparison.Ordinal)
            || path.EndsWith(".tar", StringComparison.Ordinal);
    }

    private static EnvironmentFacts OfImage(ImageFile image)
    {
        var summary = ImageSummary.Of(image);
        return new EnvironmentFacts
        {
            Name = summary.Manifest.Environment ?? "default",
            Platform = summary.Manifest.Platform,
            IsImage = true,
            IsSelfExtracting = summary.IsSelfExtracting,
            ArchiveBytes = image.File.Length,
            UnpackedBytes = summary.Manifest.Bytes,
            Files = summary.Manifest.Files,
            ProgramBytes = image.Header?.PayloadOffset ?? 0,
            ProgramSha256 = image.Header is { } header ? Hash(image.File, header.PayloadOffset) : null,
            Root = summary.Footer.Root,
            VirtualPackages = summary.VirtualPackages,
            Packages = [.. summary.Manifest.Packages.Select(package => package.Record)],
        };
    }

    private static EnvironmentFacts OfPack(string path)
    {
        using PackContents pack = PackContents.OpenAlone(path);
        PackSummary summary = PackSummary.Read(pack, workers: 1, CancellationToken.None);
        using InputFile file = InputFile.Open(path);
        Span<byte> beginning = stackalloc byte[SelfExtractingHeader.Magic.Length];
        bool isOurs = SelfExtractingHeader.IsOne(beginning[..file.Read(beginning, 0)]);
        long program = isOurs ? SelfExtractingHeader.Read(file, path).PayloadOffset : 0;
        return new EnvironmentFacts
        {
            Name = summary.Manifest.Environment ?? "default",
            Platform = summary.Manifest.Platform,
            IsImage = false,
            IsSelfExtracting = isOurs,
            IsDelta = pack.Manifest.Delta is not null,
            ArchiveBytes = file.Length,
            UnpackedBytes = summary.Size,
            Files = summary.Files,
            ProgramBytes = program,
            ProgramSha256 = isOurs ? Hash(file, program) : null,
            VirtualPackages = summary.VirtualPackages,
            Packages = [.. summary.Packages.Select(package => package.Record)],
        };
    }

    private static Digest Hash(IRandomAccess file, long bytes)
    {
        using var sha256 = new Sha256();
        var buffer = new byte[1 << 20];
        for (long offset = 0; offset < bytes; )
        {
            Span<byte> part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, bytes - offset));
            file.ReadExactly(part, offset, "the program of a self-extracting file");
            sha256.Append(part);
            offset += part.Length;
        }
        return sha256.Finish();
    }
}
