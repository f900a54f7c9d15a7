using System.Text;
using Packhorse.Image;
using Packhorse.Model;
using Packhorse.Packing.Squashfs;

namespace Packhorse.Packing;

/// <summary>Finds the stored blocks that a record names (<c>docs/FORMAT.md</c>, "Hot set").</summary>
internal static class HotSetWriter
{
    /// <param name="begin">Where the file system begins in the file.</param>
    /// <returns>Empty when nothing of the record is in the file system.</returns>
    public static byte[] Write(IEnumerable<UsedRange> used, SquashfsWriter writer, long begin)
    {
        // Every program looks for names first.
        List<(long Start, long Length)> blocks = [writer.Tables];
        var files = new List<UsedRange>();
        var known = new HashSet<long>();
        int room = Limits.HotSetBytes / 2;
        foreach (UsedRange range in used)
        {
            if (writer.Find(range.Path) is not FileNode { Data: var data } || range.Offset >= data.Size)
            {
                continue;
            }
            // What comes later in a record matters less.
            room -= Encoding.UTF8.GetByteCount(range.Path) + (4 * sizeof(long));
            if (room < 0)
            {
                break;
            }
            files.Add(range with { Length = Math.Min(range.Length, data.Size - range.Offset) });
            foreach ((long start, long length) in BlocksOf(data, range, writer.Data.Fragments))
            {
                if (length > 0 && known.Add(start))
                {
                    blocks.Add((start, length));
                }
            }
        }
        return files.Count == 0 ? [] : new HotSet([.. Merge(blocks, begin)], files).Write();
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

    private static List<ImagePart> Merge(IEnumerable<(long Start, long Length)> blocks, long begin)
    {
        var merged = new List<ImagePart>();
        foreach ((long start, long length) in blocks)
        {
            // Neighbours are read at once.
            if (merged is [.., var last] && last.End == begin + start)
            {
                merged[^1] = last with { Length = last.Length + length };
            }
            else
            {
                merged.Add(new ImagePart(begin + start, length));
            }
        }
        return merged;
    }
}
