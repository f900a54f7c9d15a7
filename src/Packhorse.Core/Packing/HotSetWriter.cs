using System.Buffers.Binary;
using Packhorse.Image;
using Packhorse.Packing.Squashfs;

namespace Packhorse.Packing;

/// <summary>Finds the stored blocks that a record names (<c>docs/FORMAT.md</c>, "Hot set").</summary>
internal static class HotSetWriter
{
    /// <param name="begin">Where the file system begins in the file.</param>
    /// <returns>Empty when nothing of the record is in the file system.</returns>
    public static byte[] Write(IEnumerable<UsedRange> used, SquashfsWriter writer, long begin)
    {
        var blocks = new List<(long Start, long Length)>();
        var known = new HashSet<long>();
        foreach (UsedRange range in used)
        {
            if (writer.Find(range.Path) is not FileNode { Data: var data })
            {
                continue;
            }
            foreach ((long start, long length) in BlocksOf(data, range, writer.Data.Fragments))
            {
                if (length > 0 && known.Add(start))
                {
                    blocks.Add((start, length));
                }
            }
        }
        if (blocks.Count == 0)
        {
            return [];
        }
        // Every program looks for names first.
        return Encode([writer.Tables, .. blocks], begin);
    }

    private static IEnumerable<(long Start, long Length)> BlocksOf(
        FileData data,
        UsedRange range,
        IReadOnlyList<(long Start, uint Size)> fragments
    )
    {
        long end = Math.Min(data.Size, range.Offset + range.Length);
        if (range.Offset >= end)
        {
            yield break;
        }
        if (data.Fragment is { } fragment)
        {
            yield return (fragments[fragment].Start, StoredBytes(fragments[fragment].Size));
            yield break;
        }
        long start = data.Start;
        long position = 0;
        foreach (uint size in data.Blocks)
        {
            if (position + SquashfsFormat.BlockBytes > range.Offset && position < end)
            {
                yield return (start, StoredBytes(size));
            }
            start += StoredBytes(size);
            position += SquashfsFormat.BlockBytes;
        }
    }

    private static long StoredBytes(uint size) => size & ~SquashfsFormat.BlockUncompressed;

    private static byte[] Encode(IEnumerable<(long Start, long Length)> ranges, long begin)
    {
        var merged = new List<(long Start, long Length)>();
        foreach ((long start, long length) in ranges)
        {
            // Neighbours are read at once.
            if (merged.Count > 0 && merged[^1].Start + merged[^1].Length == start)
            {
                merged[^1] = (merged[^1].Start, merged[^1].Length + length);
            }
            else
            {
                merged.Add((start, length));
            }
        }
        var bytes = new byte[EnvironmentImage.HotSetMagic.Length + (merged.Count * 2 * sizeof(long))];
        EnvironmentImage.HotSetMagic.CopyTo(bytes);
        Span<byte> rest = bytes.AsSpan(EnvironmentImage.HotSetMagic.Length);
        foreach ((long start, long length) in merged)
        {
            BinaryPrimitives.WriteInt64LittleEndian(rest, begin + start);
            BinaryPrimitives.WriteInt64LittleEndian(rest[sizeof(long)..], length);
            rest = rest[(2 * sizeof(long))..];
        }
        return bytes;
    }
}
