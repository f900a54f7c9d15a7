using Packhorse.Model;

namespace Packhorse.Image;

/// <summary>
/// How many digests each stored level of a digest tree has (<c>docs/FORMAT.md</c>, "Digest tree"). The level of one digest is in the
/// footer and not among them.
/// </summary>
/// <param name="Counts">From level 0, of one digest a chunk, upwards.</param>
public readonly record struct DigestTreeShape(IReadOnlyList<long> Counts)
{
    /// <summary>Bytes that a digest of level 0 stands for, and that a digest of any other level stands for.</summary>
    public const int ChunkBytes = 32 << 10;

    /// <summary>Digests of a level that one of the next stands for.</summary>
    public const int GroupDigests = ChunkBytes / Digest.Size;

    /// <summary>Bytes of the stored levels.</summary>
    public long Bytes => Counts.Sum() * Digest.Size;

    /// <param name="covered">Bytes that the tree is over.</param>
    public static DigestTreeShape Of(long covered)
    {
        var counts = new List<long>();
        for (long count = Parts(covered, ChunkBytes); count > 1; count = Parts(count, GroupDigests))
        {
            counts.Add(count);
        }
        return new DigestTreeShape(counts);
    }

    internal static long Parts(long whole, int part) => (whole / part) + (whole % part == 0 ? 0 : 1);
}
