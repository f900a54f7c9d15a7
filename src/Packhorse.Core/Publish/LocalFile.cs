using Packhorse.Codecs;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Pack;

namespace Packhorse.Publish;

/// <summary>A file that is to be published, and what it was when it was read.</summary>
/// <param name="Path">Absolute.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Root">Of an image.</param>
public sealed record LocalFile(string Path, long Size, Digest Sha256, Digest? Root)
{
    internal const int BlockBytes = 1 << 20;

    /// <summary>Of a delta: what it belongs to.</summary>
    public PackDelta? Delta { get; private init; }

    public string Name => System.IO.Path.GetFileName(Path);

    /// <summary>Reads all of it.</summary>
    /// <exception cref="NotFoundException">There is no such file.</exception>
    /// <exception cref="CorruptDataException">Its own name, or its footer, says that it should be another file.</exception>
    public static LocalFile Read(string path, IReporter reporter, CancellationToken cancellation)
    {
        string absolute = FileTree.Absolute(path);
        using InputFile file = InputFile.Open(absolute);
        reporter.BeginStage("Reading", 1, file.Length);
        Digest digest = ContentDigest.Of(file, reporter, cancellation);
        using ImageFile? image = ImageFile.TryOpen(absolute);
        var local = new LocalFile(absolute, file.Length, digest, image?.Image.Footer.Root)
        {
            Delta = PackDelta.TryRead(file, absolute),
        };
        if (NameHash.Find(local.Name) is { } hash && !local.IsNamed(hash))
        {
            string root = local.Root is { } known ? $", its root is {known}" : "";
            throw new CorruptDataException(
                ErrorCodes.DigestMismatch,
                $"{EntryPath.Quote(local.Name)} is not what its name says: its SHA-256 is {digest}{root}"
            )
            {
                Hint = "bring or make the file again; if it is right, give it another name",
            };
        }
        return local;
    }

    /// <summary>True when the hash of a name is this file's, by either of its digests.</summary>
    public bool IsNamed(NameHash hash) => hash.Fits(Sha256) || (Root is { } root && hash.Fits(root));

    /// <summary>The name that the file gets where it is published: its own when it has a hash, else with one.</summary>
    /// <exception cref="UsageException">A name that could not be checked where the file arrives.</exception>
    public NameTemplate PublishedName()
    {
        if (NameHash.Find(Name) is { } hash)
        {
            return NameTemplate.OfNameWithHash(Name, ofRoot: !hash.Fits(Sha256))!;
        }
        NameTemplate template = NameTemplate.WithHash(Name);
        return NameHash.Find(template.Fill(Sha256)) is not null
            ? template
            : throw new UsageException(
                ErrorCodes.BadArguments,
                $"{EntryPath.Quote(Name)} ends with none of .sh, .tar, .sqfs and .ps1: nobody would look for a hash in its name"
            )
            {
                Hint = "name it yourself, as in --name 'data-{sha256:12}.tar.gz'",
            };
    }
}
