using Packhorse.Codecs;
using Packhorse.Fetch;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Pack;

namespace Packhorse.Publish;

/// <summary>A file that was brought before.</summary>
internal static class ArrivedFile
{
    /// <returns>Null where there is none, or nothing to compare it with, or it is not what was expected.</returns>
    public static RemoteFetchResult? Find(
        string path,
        ContentClaims claims,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        if (!claims.Any || FileTree.KindOf(path) != FileKind.File)
        {
            return null;
        }
        using InputFile file = InputFile.Open(path);
        reporter.BeginStage("Comparing", 1, file.Length);
        Digest digest = ContentDigest.Of(file, reporter, cancellation);
        using ImageFile? image = TryOpenImage(path);
        Digest? root = image?.Image.Footer.Root;
        return
            claims.Accept(digest, () => root)
            && (!claims.AreByRootAlone(digest) || IsWhole(image!, reporter, cancellation))
            ? new RemoteFetchResult(new FetchedContent(file.Length, digest), root, []) { WasThere = true }
            : null;
    }

    // A root says nothing of what is before it.
    private static bool IsWhole(ImageFile image, IReporter reporter, CancellationToken cancellation)
    {
        try
        {
            ImageVerifier.Verify(image, workers: 1, reporter, cancellation);
            return true;
        }
        catch (CorruptDataException)
        {
            return false;
        }
    }

    private static ImageFile? TryOpenImage(string path)
    {
        try
        {
            return ImageFile.TryOpen(path);
        }
        catch (Exception error) when (error is CorruptDataException or IncompatibleException)
        {
            // Of what has the right SHA-256, only the root is then not known.
            return null;
        }
    }
}
