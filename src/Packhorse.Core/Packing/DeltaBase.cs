using Packhorse.Codecs;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Pack;

namespace Packhorse.Packing;

/// <summary>A pack that is there already: what it holds is left out of a delta against it.</summary>
public sealed class DeltaBase
{
    private readonly Dictionary<string, ExpectedContent> _contents = new(StringComparer.Ordinal);

    private DeltaBase(PackContents pack, string name)
    {
        Name = name;
        Identity = pack.Identity;
    }

    /// <summary>Its file name.</summary>
    public string Name { get; }

    /// <inheritdoc cref="PackContents.Identity"/>
    public Digest Identity { get; }

    /// <summary>Bytes as stored; null of a directory.</summary>
    public long? Size { get; private set; }

    /// <summary>Of the file as stored; null of a directory.</summary>
    public Digest? Sha256 { get; private set; }

    /// <summary>Reads a pack, of whatever tool: all of a file for its SHA-256, and the packages that nothing gives a digest of.</summary>
    /// <exception cref="UsageException">It can be no base.</exception>
    /// <exception cref="CorruptDataException">It is damaged, or not what its name says.</exception>
    public static DeltaBase Read(string path, Platform platform, IReporter reporter, CancellationToken cancellation)
    {
        if (path == "-" || FileTree.KindOf(path) == FileKind.Other)
        {
            throw Refused(
                $"{EntryPath.Quote(path)} is neither a file nor a directory, so that no delta can be made of it"
            );
        }
        PackDelta.CheckNoImage(path);
        using PackContents pack = PackContents.OpenAlone(path);
        if (pack.Manifest.Delta is { } delta)
        {
            throw Refused($"{path} is itself a delta, of {delta.DescribeBase()}");
        }
        if (pack.Manifest.Platform != platform)
        {
            throw Refused($"{path} is for {pack.Manifest.Platform}, and what is packed is for {platform}");
        }
        string name = Path.GetFileName(FileTree.Absolute(path));
        var of = new DeltaBase(pack, name.Any(char.IsControl) ? "base" : name);
        foreach (PackedPackage package in pack.Packages)
        {
            IRandomAccess member = pack.Member(package.Path);
            Digest sha256 = package.Expected.Sha256 ?? ContentDigest.Of(member, SilentReporter.Instance, cancellation);
            of._contents.Add(package.Path, new ExpectedContent(member.Length, sha256, null));
        }
        if (pack.File is { } file)
        {
            reporter.BeginStage($"Reading {name}", 1, file.Length);
            of.Size = file.Length;
            of.Sha256 = ContentDigest.Of(file, reporter, cancellation);
            CheckName(name, of.Sha256.Value);
        }
        return of;
    }

    /// <summary>What the base has in place of a member that is to be packed, so that it need not be brought; null: nothing, or not known.</summary>
    public ExpectedContent? ContentOf(PlannedMember member) =>
        _contents.TryGetValue(member.Path, out ExpectedContent content)
        && content.Sha256 == member.Expected.Sha256
        && (member.Expected.Size is null || member.Expected.Size == content.Size)
            ? content
            : null;

    /// <summary>True when the base has that file.</summary>
    public bool Holds(string path, ExpectedContent content) =>
        _contents.TryGetValue(path, out ExpectedContent held)
        && held.Sha256 == content.Sha256
        && held.Size == content.Size;

    /// <summary>What a delta says of this base.</summary>
    /// <param name="whole">SHA-256 of the manifest that the whole pack has.</param>
    internal PackDelta Describe(Digest whole) =>
        new()
        {
            Whole = whole,
            Base = Identity,
            BaseName = Name,
            BaseSize = Size,
            BaseSha256 = Sha256,
        };

    // A base that is not what its name says is not the one that jobs will get by that name.
    private static void CheckName(string name, Digest sha256)
    {
        if (NameHash.Find(name) is { } hash && !hash.Fits(sha256))
        {
            throw new CorruptDataException(
                ErrorCodes.DigestMismatch,
                $"{EntryPath.Quote(name)} is not what its name says: its SHA-256 is {sha256}"
            )
            {
                Hint = "bring the file again; if it is right, give it another name",
            };
        }
    }

    private static UsageException Refused(string message) =>
        new(ErrorCodes.BadBase, message)
        {
            Hint = "name a whole pack with --since: a tar, a self-extracting file or a directory",
        };
}
