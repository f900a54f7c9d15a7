using System.Buffers;
using System.Buffers.Binary;
using Packhorse.Codecs;
using Packhorse.Model;

namespace Packhorse.Image;

/// <summary>A place in a table of metadata blocks.</summary>
/// <param name="Block">Where the block is stored, from the begin of the file system.</param>
/// <param name="Offset">Offset in the decoded block.</param>
internal record struct MetadataPosition(long Block, int Offset);

/// <summary>
/// Reads the tables of a file system, which are blocks of at most 8 KiB that are decoded when they are needed. Thread-safe.
/// </summary>
internal sealed class SquashfsMetadata
{
    private readonly IRandomAccess _source;
    private readonly ZstdBlocks _zstd;
    private readonly BlockCache _cache;
    private readonly BlockCache.Decoder _decoder;
    private readonly long _end;
    private readonly string _where;

    /// <param name="source">The file system.</param>
    /// <param name="end">No metadata block goes beyond.</param>
    public SquashfsMetadata(IRandomAccess source, long end, ZstdBlocks zstd, int cacheBytes, string where)
    {
        _source = source;
        _end = end;
        _zstd = zstd;
        _where = where;
        _cache = new BlockCache(SquashfsFormat.MetadataBytes, cacheBytes);
        _decoder = Decode;
    }

    /// <summary>Reads on from a position, which moves along.</summary>
    /// <exception cref="CorruptDataException">There are not so many bytes.</exception>
    public void Read(ref MetadataPosition position, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            destination = destination[ReadSome(ref position, destination)..];
        }
    }

    /// <summary>Reads at least one byte, and no more than are left of one block.</summary>
    public int ReadSome(ref MetadataPosition position, Span<byte> destination)
    {
        using BlockCache.Lease block = _cache.Get(new BlockKey(position.Block, 0), _decoder);
        int count = Math.Min(destination.Length, block.Bytes.Length - position.Offset);
        if (count <= 0)
        {
            throw BeyondBlock(position);
        }
        block.Bytes.Slice(position.Offset, count).CopyTo(destination);
        Advance(ref position, count, block);
        return count;
    }

    private static void Advance(ref MetadataPosition position, int count, BlockCache.Lease block)
    {
        position.Offset += count;
        if (position.Offset == block.Bytes.Length)
        {
            position = new MetadataPosition(position.Block + block.Stored, 0);
        }
    }

    private DecodedBlock Decode(BlockKey key, Span<byte> buffer)
    {
        const int Most = SquashfsFormat.MetadataHeaderBytes + SquashfsFormat.MetadataBytes;
        long there = _end - key.Offset;
        if (key.Offset < SquashfsFormat.SuperblockBytes || there <= SquashfsFormat.MetadataHeaderBytes)
        {
            throw Malformed(key.Offset, "no metadata can be there");
        }
        byte[] stored = ArrayPool<byte>.Shared.Rent(Most);
        try
        {
            Span<byte> read = stored.AsSpan(0, (int)Math.Min(Most, there));
            _source.ReadExactly(read, key.Offset, _where);
            ushort header = BinaryPrimitives.ReadUInt16LittleEndian(read);
            int length = header & ~SquashfsFormat.MetadataUncompressed;
            Span<byte> content = read[SquashfsFormat.MetadataHeaderBytes..];
            if (length == 0 || length > content.Length)
            {
                throw Malformed(key.Offset, "a metadata block has an impossible length");
            }
            content = content[..length];
            int stride = SquashfsFormat.MetadataHeaderBytes + length;
            if ((header & SquashfsFormat.MetadataUncompressed) != 0)
            {
                content.CopyTo(buffer);
                return new DecodedBlock(length, stride);
            }
            return new DecodedBlock(_zstd.Decode(content, buffer, $"{_where}: metadata at {key.Offset:N0}"), stride);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(stored);
        }
    }

    private CorruptDataException BeyondBlock(MetadataPosition position) =>
        Malformed(position.Block, $"its metadata block has no byte {position.Offset:N0}");

    private CorruptDataException Malformed(long offset, string what) =>
        new(ErrorCodes.BadImage, $"{_where} has a malformed file system at {offset:N0}: {what}");
}
