using Packhorse.Codecs;
using Packhorse.Image;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Pack;

/// <summary>
/// What the manifest of a delta says (<c>docs/FORMAT.md</c>, "The delta"): a pack without the packages that another pack, its base,
/// holds. The whole pack's manifest is a member of its own, so that every byte is compared with the same digests as without a delta.
/// </summary>
public sealed record PackDelta
{
    /// <summary>What stands in place of <see cref="PackManifest.FormatVersion"/>: whoever knows whole packs only refuses it.</summary>
    public const string FormatVersion = "packhorse-delta-1";

    /// <summary>The member that is the whole pack's <c>pixi-pack.json</c>, byte for byte.</summary>
    public const string WholeManifest = "whole-pack.json";

    // The manifest of a delta has some 600 bytes, and publishing reads it of whatever is published.
    private const int MostBytes = 64 << 10;

    /// <summary>SHA-256 of <see cref="WholeManifest"/>: the whole pack's <see cref="PackContents.Identity"/>.</summary>
    public required Digest Whole { get; init; }

    /// <summary>The base's <see cref="PackContents.Identity"/>, by which it is known in whatever form it is.</summary>
    public required Digest Base { get; init; }

    /// <summary>The name that the base had when the delta was made.</summary>
    public required string BaseName { get; init; }

    /// <summary>Bytes of the base as stored; null of a directory.</summary>
    public long? BaseSize { get; init; }

    /// <summary>SHA-256 of the base as stored; null of a directory.</summary>
    public Digest? BaseSha256 { get; init; }

    /// <summary>The base for people: its name and, where it has one, the digest of the file.</summary>
    public string DescribeBase() =>
        BaseSha256 is { } sha256 ? $"{EntryPath.Quote(BaseName)} (sha256 {sha256})" : EntryPath.Quote(BaseName);

    /// <exception cref="CorruptDataException">It says of no base, or what it says is impossible.</exception>
    internal static PackDelta Parse(JsonMembers manifest, string where)
    {
        var json = new JsonMembers(manifest.Element("packhorse") ?? throw Lacks(where), where, ErrorCodes.BadPack);
        var of = new JsonMembers(json.Element("base") ?? throw Lacks(where), where, ErrorCodes.BadPack);
        string name = of.RequiredString("name");
        long? size = of.Integer("size");
        if (
            !EntryPath.IsSafe(name)
            || name.Contains('/')
            || name.Any(char.IsControl)
            || size is < 0 or > Limits.FileBytes
        )
        {
            throw new CorruptDataException(
                ErrorCodes.BadPack,
                $"{where}: what it says of its base {EntryPath.Quote(name)} is impossible"
            );
        }
        return new PackDelta
        {
            Whole = json.Sha256("manifest") ?? throw Lacks(where),
            Base = of.Sha256("digest") ?? throw Lacks(where),
            BaseName = name,
            BaseSize = size,
            BaseSha256 = of.Sha256("sha256"),
        };
    }

    /// <summary>Looks whether a file is a delta, which is told by its first member.</summary>
    /// <param name="file">Of anything.</param>
    /// <returns>Null for everything else, damaged deltas among them.</returns>
    public static PackDelta? TryRead(IRandomAccess file, string where)
    {
        try
        {
            Span<byte> magic = stackalloc byte[SelfExtractingHeader.Magic.Length];
            bool isSelfExtracting = SelfExtractingHeader.IsOne(magic[..file.Read(magic, 0)]);
            long begin = isSelfExtracting ? SelfExtractingHeader.Read(file, where).PayloadOffset : 0;
            using Stream stream = new SourceSlice(file, begin, file.Length - begin).AsStream();
            var tar = new TarReader(stream, where);
            return tar.MoveNext() && tar.Current.Name == PackManifest.Path && tar.Current.Size <= MostBytes
                ? PackManifest.Parse(tar.ReadAllBytes(MostBytes), where).Delta
                : null;
        }
        catch (PackhorseException)
        {
            return null;
        }
    }

    /// <summary>Opens the pack that the rest is in.</summary>
    /// <param name="where">The delta, for messages.</param>
    /// <exception cref="UsageException">It is an image, or itself a delta.</exception>
    /// <exception cref="CorruptDataException">It is another pack, or it is damaged.</exception>
    internal PackContents OpenBase(string basePath, string where)
    {
        if (FileTree.KindOf(basePath) == FileKind.Other)
        {
            throw Refused($"the base {EntryPath.Quote(basePath)} is neither a file nor a directory");
        }
        CheckNoImage(basePath);
        PackContents pack = PackContents.OpenAlone(basePath);
        try
        {
            if (pack.Manifest.Delta is { } delta)
            {
                throw Refused($"{basePath} is itself a delta, of {delta.DescribeBase()}: a base is a whole pack");
            }
            return pack.Identity == Base
                ? pack
                : throw new CorruptDataException(
                    ErrorCodes.DigestMismatch,
                    $"{basePath} is not the pack that {where} was made against: the digest of its manifest is {pack.Identity}, expected {Base}"
                )
                {
                    Hint = $"name {DescribeBase()}, or make a delta against the other one with pack --since",
                };
        }
        catch
        {
            pack.Dispose();
            throw;
        }
    }

    /// <exception cref="UsageException">It is an image.</exception>
    public static void CheckNoImage(string path)
    {
        if (FileTree.KindOf(path) == FileKind.File)
        {
            using InputFile file = InputFile.Open(path);
            if (EnvironmentImage.IsOne(file))
            {
                throw new UsageException(
                    ErrorCodes.BadBase,
                    $"{path} is an image: it holds an installed environment and no packages that a delta could leave out"
                )
                {
                    Hint = "deltas are for packs: packhorse pack without --image makes one",
                };
            }
        }
    }

    /// <summary>A base is for deltas, and for nothing else.</summary>
    /// <param name="what">What is whole, for the message.</param>
    /// <exception cref="UsageException">One was named.</exception>
    public static void RefuseBase(string? basePath, string what)
    {
        if (basePath is not null)
        {
            throw new UsageException(ErrorCodes.BadBase, $"{what} is no delta: there is nothing to take from a base")
            {
                Hint = "leave --base out",
            };
        }
    }

    internal UsageException Incomplete(string where) =>
        new(ErrorCodes.BadBase, $"{where} is a delta: the rest of its packages is in {DescribeBase()}")
        {
            Hint = $"name that file with --base {Shown()}",
        };

    internal static CorruptDataException FromPipe(string where) =>
        new(ErrorCodes.BadPack, $"{where} is a delta, which cannot be unpacked from a pipe")
        {
            Hint = "save it to a file, and name that with --base and the pack that it belongs to",
        };

    private string Shown() =>
        BaseName.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_') ? BaseName : "FILE";

    private static UsageException Refused(string message) =>
        new(ErrorCodes.BadBase, message) { Hint = "name the whole pack that the delta was made against" };

    private static CorruptDataException Lacks(string where) =>
        new(ErrorCodes.BadPack, $"{where}: a delta that does not say what it belongs to");
}
