using System.Buffers;
using System.Buffers.Binary;
using Packhorse.Codecs;
using Packhorse.Image;

namespace Packhorse.Packing.Squashfs;

/// <summary>
/// Writes a table as metadata blocks: 8 KiB each, compressed where that helps, behind two bytes of stored size (squashfs_fs.h,
/// SQUASHFS_METADATA_SIZE).
/// </summary>
internal sealed class MetadataWriter(ZstdCompressor compressor)
{
    private readonly ArrayBufferWriter<byte> _stored = new();
    private readonly byte[] _block = new byte[SquashfsFormat.MetadataBytes];
    private readonly byte[] _compressed = new byte[ZstdCompressor.Bound(SquashfsFormat.MetadataBytes)];
    private int _count;

    /// <summary>Where the block of the next byte begins, from the begin of the table as stored.</summary>
    public long BlockStart => _stored.WrittenCount;

    /// <summary>Where the next byte goes in its block.</summary>
    public int BlockOffset => _count;

    /// <summary>The two as inodes are named by.</summary>
    public InodeReference Reference => new(BlockStart, BlockOffset);

    public void Write(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int count = Math.Min(bytes.Length, SquashfsFormat.MetadataBytes - _count);
            bytes[..count].CopyTo(_block.AsSpan(_count));
            _count += count;
            bytes = bytes[count..];
            if (_count == SquashfsFormat.MetadataBytes)
            {
                Flush();
            }
        }
    }

    /// <summary>The last block ends here.</summary>
    /// <returns>The table.</returns>
    public byte[] Complete()
    {
        if (_count > 0)
        {
            Flush();
        }
        return _stored.WrittenSpan.ToArray();
    }

    private void Flush()
    {
        int compressed = compressor.Compress(_block.AsSpan(0, _count), _compressed);
        bool helps = compressed < _count;
        Span<byte> header = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(
            header,
            helps ? (ushort)compressed : (ushort)(_count | SquashfsFormat.MetadataUncompressed)
        );
        _stored.Write(header);
        _stored.Write(helps ? _compressed.AsSpan(0, compressed) : _block.AsSpan(0, _count));
        _count = 0;
    }
}
