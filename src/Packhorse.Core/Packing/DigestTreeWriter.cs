using Packhorse.Codecs;
using Packhorse.Image;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Packing;

/// <summary>Digests a file that is written and puts the tree behind it (<c>docs/FORMAT.md</c>, "Digest tree").</summary>
internal static class DigestTreeWriter
{
    // Chunks that one worker takes at a time.
    private const int GroupBytes = DigestTreeShape.ChunkBytes * 128;

    /// <param name="covered">Bytes that the tree is over; it is written behind them.</param>
    /// <param name="top">The last digest.</param>
    /// <returns>Bytes of the tree.</returns>
    public static long Write(OutputFile file, long covered, int workers, out Digest top, CancellationToken cancellation)
    {
        byte[] level = DigestChunks(file, covered, workers, cancellation);
        long position = covered;
        while (level.Length > Digest.Size)
        {
            file.Write(level, position);
            position += level.Length;
            level = DigestGroups(level);
        }
        top = new Digest(level);
        return position - covered;
    }

    private static byte[] DigestChunks(OutputFile file, long covered, int workers, CancellationToken cancellation)
    {
        var digests = new byte[DigestTreeShape.Parts(covered, DigestTreeShape.ChunkBytes) * Digest.Size];
        long[] groups =
        [
            .. Enumerable.Range(0, (int)DigestTreeShape.Parts(covered, GroupBytes)).Select(i => (long)i * GroupBytes),
        ];
        Workers.Run(
            groups,
            workers,
            (begin, token) =>
            {
                token.ThrowIfCancellationRequested();
                var bytes = new byte[Math.Min(GroupBytes, covered - begin)];
                ReadAll(file, bytes, begin);
                long into = begin / DigestTreeShape.ChunkBytes * Digest.Size;
                DigestParts(bytes, digests.AsSpan((int)into));
            },
            cancellation
        );
        return digests;
    }

    private static byte[] DigestGroups(byte[] level)
    {
        var next = new byte[DigestTreeShape.Parts(level.Length, DigestTreeShape.ChunkBytes) * Digest.Size];
        DigestParts(level, next);
        return next;
    }

    private static void DigestParts(ReadOnlySpan<byte> bytes, Span<byte> digests)
    {
        while (!bytes.IsEmpty)
        {
            int count = Math.Min(bytes.Length, DigestTreeShape.ChunkBytes);
            Sha256.Hash(bytes[..count]).CopyTo(digests);
            digests = digests[Digest.Size..];
            bytes = bytes[count..];
        }
    }

    private static void ReadAll(OutputFile file, Span<byte> bytes, long offset)
    {
        while (!bytes.IsEmpty)
        {
            int count = file.Read(bytes, offset);
            if (count == 0)
            {
                throw new InvalidOperationException($"{file.PartPath} is shorter than what was written to it");
            }
            bytes = bytes[count..];
            offset += count;
        }
    }
}
