using System.Buffers.Binary;
using System.Numerics;

namespace Packhorse.Publish;

/// <summary>
/// Sums of the blocks of a file, by which it is told afterwards how wrong content differs from the right one. They are quick and prove
/// nothing: what is right is decided by SHA-256.
/// </summary>
internal sealed class BlockSums
{
    /// <summary>XRootD's caches have blocks of 128 KiB to 1 MiB; parts of a mixture end at their borders.</summary>
    public const int BlockBytes = 128 << 10;

    private readonly Dictionary<long, uint> _sums = [];
    private long _block = -1;
    private int _filled;
    private uint _sum;

    /// <summary>Bytes up to the furthest one.</summary>
    public long Length { get; private set; }

    /// <summary>Bytes that were there before are not known: blocks that do not come from their begin are left out.</summary>
    public void Append(long offset, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            long block = offset / BlockBytes;
            int inBlock = (int)(offset % BlockBytes);
            int count = Math.Min(bytes.Length, BlockBytes - inBlock);
            if (inBlock == 0)
            {
                (_block, _filled, _sum) = (block, 0, 0);
            }
            if (_block == block && _filled == inBlock)
            {
                _sum = Sum(_sum, bytes[..count]);
                _filled += count;
                _sums[block] = _sum;
            }
            offset += count;
            bytes = bytes[count..];
            Length = Math.Max(Length, offset);
        }
    }

    /// <returns>How many blocks of this are equal to those of the right content, of how many that are known of both.</returns>
    public (int Equal, int Known) Compare(BlockSums right)
    {
        // The last block of either may be shorter.
        long whole = Math.Min(Length, right.Length) / BlockBytes;
        (long Block, uint Sum)[] known =
        [
            .. _sums
                .Where(pair => (pair.Key < whole || Length == right.Length) && right._sums.ContainsKey(pair.Key))
                .Select(pair => (pair.Key, pair.Value)),
        ];
        return (known.Count(pair => right._sums[pair.Block] == pair.Sum), known.Length);
    }

    private static uint Sum(uint sum, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= sizeof(ulong))
        {
            sum = BitOperations.Crc32C(sum, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }
        foreach (byte one in bytes)
        {
            sum = BitOperations.Crc32C(sum, one);
        }
        return sum;
    }
}
