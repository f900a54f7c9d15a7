using System.Buffers;
using System.Buffers.Binary;
using Packhorse.Codecs;
using Packhorse.Model;

namespace Packhorse.Image;

/// <summary>The content of files: their blocks, and the fragments that hold the ends of many of them. Thread-safe.</summary>
internal sealed class SquashfsContent
{
    private const uint StoredMask = SquashfsFormat.BlockUncompressed - 1;
    private const int IndexEntryBytes = 8;

    private readonly IRandomAccess _source;
    private readonly SquashfsSuperblock _superblock;
    private readonly SquashfsMetadata _metadata;
    private readonly SquashfsBlockLists _lists;
    private readonly ZstdBlocks _zstd;
    private readonly BlockCache _cache;
    private readonly BlockCache.Decoder _decoder;
    private readonly string _where;
    private long[]? _fragmentIndex;

    public SquashfsContent(
        (IRandomAccess Source, SquashfsSuperblock Superblock) fileSystem,
        SquashfsMetadata metadata,
        ZstdBlocks zstd,
        int cacheBytes,
        string where
    )
    {
        (_source, _superblock) = fileSystem;
        _metadata = metadata;
        _lists = new SquashfsBlockLists(metadata);
        _zstd = zstd;
        _where = where;
        _cache = new BlockCache(_superblock.BlockBytes, cacheBytes);
        _decoder = (key, buffer) => new DecodedBlock(Decode(key, buffer), 0);
    }

    private int BlockBytes => _superblock.BlockBytes;

    /// <summary>Blocks that a file has of its own; its end may be in a fragment.</summary>
    private long BlocksOf(in SquashfsInode inode) =>
        (inode.Size + (inode.Fragment == SquashfsFormat.NoFragment ? BlockBytes - 1 : 0)) / BlockBytes;

    /// <exception cref="CorruptDataException">The file cannot have so many bytes.</exception>
    public void CheckSize(in SquashfsInode inode)
    {
        if (inode.Size < 0 || inode.Size > (long)Limits.ImageFileBlocks * BlockBytes)
        {
            throw new CorruptDataException(
                ErrorCodes.LimitExceeded,
                $"{_where} has a file of {(ulong)inode.Size:N0} bytes, more than {Limits.ImageFileBlocks:N0} blocks"
            );
        }
    }

    /// <summary>Where the content of a file begins; of one that is in a fragment only, where that is.</summary>
    public long StorageOrder(in SquashfsInode inode) =>
        inode.Size == 0 ? 0
        : BlocksOf(inode) > 0 ? inode.Start
        : FindFragment(inode.Fragment).Offset;

    /// <returns>Bytes read; fewer than asked for only at the end of the file.</returns>
    public int Read(InodeReference reference, in SquashfsInode inode, long offset, Span<byte> destination)
    {
        if (offset < 0 || offset >= inode.Size)
        {
            return 0;
        }
        Span<byte> rest = destination[..(int)Math.Min(destination.Length, inode.Size - offset)];
        int total = rest.Length;
        long blocks = BlocksOf(inode);
        long index = offset / BlockBytes;
        int within = (int)(offset % BlockBytes);
        if (index < blocks && !rest.IsEmpty)
        {
            SquashfsBlockLists.Place place = _lists.Find(reference, inode, index);
            for (; index < blocks && !rest.IsEmpty; index++)
            {
                int length = (int)Math.Min(BlockBytes, inode.Size - (index * BlockBytes));
                int count = Math.Min(length - within, rest.Length);
                ReadBlock(_lists.Next(ref place), length, within, rest[..count]);
                rest = rest[count..];
                within = 0;
            }
        }
        if (!rest.IsEmpty)
        {
            ReadFragment(inode, within, rest);
        }
        return total;
    }

    /// <param name="length">Bytes that the block must become.</param>
    /// <param name="within">Which of them are wanted: from here on as many as fit into the destination.</param>
    private void ReadBlock(BlockKey key, int length, int within, Span<byte> destination)
    {
        if (key.Stored == 0)
        {
            // A block of zeros is not stored.
            destination.Clear();
            return;
        }
        if ((key.Stored & SquashfsFormat.BlockUncompressed) != 0)
        {
            CheckDecoded(key, CheckStored(key), length);
            _source.ReadExactly(destination, key.Offset + within, _where);
            return;
        }
        BlockCache.Lease lease;
        if (destination.Length < length)
        {
            lease = _cache.Get(key, _decoder);
        }
        else if (!_cache.TryGet(key, out lease))
        {
            // Who reads whole blocks reads them once: they would only drive others out of the cache.
            CheckDecoded(key, Decode(key, destination), length);
            return;
        }
        using (lease)
        {
            CheckDecoded(key, lease.Bytes.Length, length);
            lease.Bytes.Slice(within, destination.Length).CopyTo(destination);
        }
    }

    private void ReadFragment(in SquashfsInode inode, int within, Span<byte> destination)
    {
        BlockKey key = FindFragment(inode.Fragment);
        long begin = inode.Offset + (long)within;
        if ((key.Stored & SquashfsFormat.BlockUncompressed) != 0)
        {
            CheckFragment(key, begin + destination.Length, CheckStored(key));
            _source.ReadExactly(destination, key.Offset + begin, _where);
            return;
        }
        using BlockCache.Lease lease = _cache.Get(key, _decoder);
        CheckFragment(key, begin + destination.Length, lease.Bytes.Length);
        lease.Bytes.Slice((int)begin, destination.Length).CopyTo(destination);
    }

    private void CheckFragment(BlockKey key, long end, int length)
    {
        if (end > length)
        {
            throw Malformed(key, $"a fragment of {length:N0} bytes does not go to {end:N0}");
        }
    }

    private BlockKey FindFragment(uint fragment)
    {
        if (_superblock.FragmentTable is null || fragment >= _superblock.FragmentCount)
        {
            throw Malformed(default, $"there is no fragment {fragment:N0}");
        }
        const int EntriesOfBlock = SquashfsFormat.MetadataBytes / SquashfsFormat.FragmentEntryBytes;
        var position = new MetadataPosition(
            FragmentIndex()[fragment / EntriesOfBlock],
            (int)(fragment % EntriesOfBlock) * SquashfsFormat.FragmentEntryBytes
        );
        Span<byte> entry = stackalloc byte[SquashfsFormat.FragmentEntryBytes];
        _metadata.Read(ref position, entry);
        return new BlockKey(
            BinaryPrimitives.ReadInt64LittleEndian(entry),
            BinaryPrimitives.ReadUInt32LittleEndian(entry[8..])
        );
    }

    // Where the metadata blocks of the fragment table are: 8 bytes for each 512 fragments.
    private long[] FragmentIndex()
    {
        if (Volatile.Read(ref _fragmentIndex) is { } known)
        {
            return known;
        }
        const int EntriesOfBlock = SquashfsFormat.MetadataBytes / SquashfsFormat.FragmentEntryBytes;
        if (_superblock.FragmentCount > Limits.Members)
        {
            throw new CorruptDataException(
                ErrorCodes.LimitExceeded,
                $"{_where} has {_superblock.FragmentCount:N0} fragments, more than {Limits.Members:N0}"
            );
        }
        var index = new long[((int)_superblock.FragmentCount + EntriesOfBlock - 1) / EntriesOfBlock];
        var bytes = new byte[index.Length * sizeof(long)];
        _source.ReadExactly(bytes, _superblock.FragmentTable!.Value, _where);
        for (int i = 0; i < index.Length; i++)
        {
            index[i] = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(i * sizeof(long)));
        }
        Volatile.Write(ref _fragmentIndex, index);
        return index;
    }

    private int Decode(BlockKey key, Span<byte> destination)
    {
        int stored = CheckStored(key);
        byte[] block = ArrayPool<byte>.Shared.Rent(stored);
        try
        {
            Span<byte> content = block.AsSpan(0, stored);
            _source.ReadExactly(content, key.Offset, _where);
            return _zstd.Decode(content, destination, $"{_where}: block at {key.Offset:N0}");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    // Blocks lie between the superblock and the first table, and are stored as they are when compressing would not make them smaller.
    private int CheckStored(BlockKey key)
    {
        int stored = (int)(key.Stored & StoredMask);
        if (
            key.Stored >= SquashfsFormat.BlockUncompressed << 1
            || stored > BlockBytes
            || key.Offset < SquashfsFormat.SuperblockBytes
            || key.Offset > _superblock.InodeTable - stored
        )
        {
            throw Malformed(key, "no block can be there");
        }
        return stored;
    }

    private void CheckDecoded(BlockKey key, int length, int expected)
    {
        if (length != expected)
        {
            throw Malformed(key, $"a block has {length:N0} bytes instead of {expected:N0}");
        }
    }

    private CorruptDataException Malformed(BlockKey key, string what) =>
        new(ErrorCodes.BadImage, $"{_where} has a malformed file system at {key.Offset:N0}: {what}");
}
