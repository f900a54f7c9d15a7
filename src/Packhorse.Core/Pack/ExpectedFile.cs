using Packhorse.Codecs;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Pack;

/// <summary>
/// What a pack or an image must be, known by another way than beside it: so that a cache that serves what was there before, or somebody
/// who can write there, is noticed before anything of it is used.
/// </summary>
/// <param name="Sha256">Of the whole file as stored.</param>
/// <param name="Root">Of an image its root; of a pack the digest of its manifest, which <c>inspect</c> prints.</param>
public sealed record ExpectedFile(Digest? Sha256, Digest? Root)
{
    private const string Label = "sha256:";

    /// <param name="expect">As after --expect; null: not given.</param>
    /// <param name="root">As after --root; null: not given.</param>
    /// <exception cref="UsageException">Something that is no digest.</exception>
    public static ExpectedFile Parse(string? expect, string? root) =>
        new(expect is null ? null : ParseDigest(expect), root is null ? null : ParseDigest(root));

    /// <param name="text"><c>sha256:</c> and 64 hexadecimal digits, or the digits alone.</param>
    /// <exception cref="UsageException">Something else.</exception>
    public static Digest ParseDigest(string text) =>
        Digest.TryParse(
            text.StartsWith(Label, StringComparison.OrdinalIgnoreCase) ? text[Label.Length..] : text,
            out Digest digest
        )
            ? digest
            : throw new UsageException(
                ErrorCodes.BadArguments,
                $"{EntryPath.Quote(text)} is no digest: it is sha256: and 64 hexadecimal digits"
            )
            {
                Hint = "packhorse publish and packhorse inspect print them",
            };

    /// <summary>Reads what it takes: the whole file for its SHA-256, a footer or a manifest for a root.</summary>
    /// <exception cref="UsageException">It cannot be read twice.</exception>
    /// <exception cref="CorruptDataException">It is another file, or what does not vouch for all of itself.</exception>
    public void Check(string path, IReporter reporter, CancellationToken cancellation)
    {
        if (Sha256 is null && Root is null)
        {
            return;
        }
        FileKind kind = path == "-" ? FileKind.Other : FileTree.KindOf(path);
        if (kind == FileKind.Other || (kind == FileKind.Directory && Sha256 is not null))
        {
            throw new UsageException(
                ErrorCodes.BadArguments,
                $"{EntryPath.Quote(path)} is no file: it cannot be compared with a digest before it is used"
            );
        }
        if (Root is { } root)
        {
            CheckRoot(path, root);
        }
        if (Sha256 is { } sha256)
        {
            CheckWhole(path, sha256, reporter, cancellation);
        }
    }

    private static void CheckRoot(string path, Digest root)
    {
        using ImageFile? image = ImageFile.TryOpen(path, root);
        if (image is not null)
        {
            return;
        }
        using PackContents pack = PackContents.OpenAlone(path);
        if (pack.Packages.Any(package => package.Expected.Sha256 is null))
        {
            throw new CorruptDataException(
                ErrorCodes.NotVerified,
                $"{pack.Where} lists packages without SHA-256: its manifest does not vouch for them"
            )
            {
                Hint = "use --expect with the SHA-256 of the whole file",
            };
        }
        if (pack.Identity != root)
        {
            throw Other(pack.Where, "the digest of its manifest", pack.Identity, root);
        }
    }

    private static void CheckWhole(string path, Digest expected, IReporter reporter, CancellationToken cancellation)
    {
        using InputFile file = InputFile.Open(path);
        reporter.BeginStage("Comparing", 1, file.Length);
        Digest digest = ContentDigest.Of(file, reporter, cancellation);
        if (digest != expected)
        {
            throw Other(path, "its SHA-256", digest, expected);
        }
    }

    private static CorruptDataException Other(string where, string what, Digest digest, Digest expected) =>
        new(
            ErrorCodes.DigestMismatch,
            $"{where} is another file than the one that was asked for: {what} is {digest}, expected {expected}"
        )
        {
            Hint =
                "a cache may have given out an older file of that name, or a mixture: bring it again, or publish it under a new name",
        };
}
