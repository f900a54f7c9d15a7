using Packhorse.Image;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Pack;

/// <summary>Compares every byte of an image's file with its digest tree, and nothing is written.</summary>
public static class ImageVerifier
{
    private const long RangeBytes = 32 << 20;

    /// <exception cref="CorruptDataException">Something is not what was written.</exception>
    public static void Verify(ImageFile file, int workers, IReporter reporter, CancellationToken cancellation)
    {
        EnvironmentImage image = file.Image;
        // The digests themselves are compared on the way; the footer was when the image was opened.
        long length = image.Source.Length;
        long[] ranges =
        [
            .. Enumerable.Range(0, (int)((length + RangeBytes - 1) / RangeBytes)).Select(i => i * RangeBytes),
        ];
        reporter.BeginStage("Verifying", 0, length);
        Workers.Run(
            ranges,
            workers,
            (offset, token) =>
            {
                long end = Math.Min(offset + RangeBytes, length);
                for (long at = offset; at < end; at += DigestTreeShape.ChunkBytes)
                {
                    token.ThrowIfCancellationRequested();
                    image.Source.Verify(at, 1);
                }
                reporter.Advance((int)(end - offset));
            },
            cancellation
        );
        file.Header?.CheckRuntime(file.File, image.Where);
        // That what was written makes sense is another matter.
        _ = image.ReadRelocations();
        _ = image.ReadHotSet();
        foreach (ImagePath path in ImageWalk.All(image.Tree))
        {
            cancellation.ThrowIfCancellationRequested();
            _ = image.Tree.Attributes(path.Inode);
        }
    }
}
