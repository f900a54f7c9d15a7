using System.Buffers;
using System.Buffers.Binary;
using Packhorse.Codecs;
using Packhorse.Model;

namespace Packhorse.Image;

/// <summary>
/// A SquashFS 4.0 file system with zstd, of ours or of mksquashfs, read where it lies: what is decoded is kept in a fixed number of
/// bytes. Extended attributes are passed over; devices, pipes and sockets, which no environment has, are refused. Thread-safe.
/// </summary>
public sealed class SquashfsTree : IImageTree, IDisposable
{
    /// <summary>For blocks of 128 KiB enough that four processes can start Python at once.</summary>
    public const int DefaultCacheBytes = 8 << 20;

    private readonly string _where;
    private readonly SquashfsSuperblock _superblock;
    private readonly ZstdBlocks _zstd = new();
    private readonly SquashfsMetadata _metadata;
    private readonly SquashfsContent _content;

    // Of directories that were looked up: where their only name is.
    private readonly Dictionary<InodeReference, (InodeReference Directory, long Position)> _names = [];

    /// <param name="source">The file system; not owned.</param>
    /// <param name="cacheBytes">Bytes of decoded blocks that are kept, a quarter of them for metadata.</param>
    /// <param name="where">The file, for messages.</param>
    /// <exception cref="CorruptDataException">No SquashFS, or a damaged one.</exception>
    /// <exception cref="IncompatibleException">Of another version, or with another compressor than zstd.</exception>
    public SquashfsTree(IRandomAccess source, int cacheBytes, string where)
    {
        _where = where;
        Span<byte> superblock = stackalloc byte[SquashfsFormat.SuperblockBytes];
        int count = source.Read(superblock, 0);
        _superblock = SquashfsSuperblock.Parse(superblock[..count], source.Length, where);
        int metadataBytes = cacheBytes / 4;
        _metadata = new SquashfsMetadata(source, _superblock.BytesUsed, _zstd, metadataBytes, where);
        _content = new SquashfsContent((source, _superblock), _metadata, _zstd, cacheBytes - metadataBytes, where);
    }

    public InodeReference Root => _superblock.Root;

    public uint InodeCount => _superblock.InodeCount;

    /// <summary>Bytes of a whole block: reading such pieces, at multiples of it, decodes each once.</summary>
    public int BlockBytes => _superblock.BlockBytes;

    public InodeAttributes Attributes(InodeReference inode) => ReadInode(inode).Attributes;

    public bool TryLookup(InodeReference directory, ReadOnlySpan<byte> name, out InodeReference inode)
    {
        SquashfsInode parent = ReadInode(directory, InodeKind.Directory);
        byte[] window = ArrayPool<byte>.Shared.Rent(SquashfsListing.WindowBytes);
        try
        {
            SquashfsListing listing = OpenListing(parent, FindRun(parent, name), window);
            while (listing.MoveNext())
            {
                int order = listing.Name.SequenceCompareTo(name);
                if (order == 0)
                {
                    Remember(directory, listing);
                    inode = listing.Inode;
                    return true;
                }
                if (order > 0)
                {
                    break;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(window);
        }
        inode = default;
        return false;
    }

    public IDirectoryCursor OpenDirectory(InodeReference directory, long position)
    {
        SquashfsInode inode = ReadInode(directory, InodeKind.Directory);
        position = Math.Clamp(position, 0, inode.Size);
        var window = new byte[SquashfsListing.WindowBytes];
        var cursor = new Cursor(this, directory, OpenListing(inode, FindRun(inode, position), window));
        while (cursor.Next < position && cursor.MoveNext()) { }
        return cursor;
    }

    public InodeReference Parent(InodeReference directory)
    {
        if (directory == Root)
        {
            return Root;
        }
        lock (_names)
        {
            return _names.TryGetValue(directory, out (InodeReference Directory, long) name)
                ? name.Directory
                : throw new ArgumentException($"{directory} is no directory that was looked up", nameof(directory));
        }
    }

    public byte[] ReadLink(InodeReference link)
    {
        SquashfsInode inode = ReadInode(link, InodeKind.SymbolicLink);
        var text = new byte[inode.Size];
        MetadataPosition position = inode.Tail;
        _metadata.Read(ref position, text);
        return text.Contains((byte)0) ? throw Malformed("a symbolic link is damaged") : text;
    }

    public int Read(InodeReference file, long offset, Span<byte> destination) =>
        _content.Read(file, ReadInode(file, InodeKind.File), offset, destination);

    /// <summary>Where the content of a file begins in the file system: files in this order are read without going back.</summary>
    internal long StorageOrder(InodeReference file)
    {
        SquashfsInode inode = ReadInode(file, InodeKind.File);
        return _content.StorageOrder(inode);
    }

    public void Dispose() => _zstd.Dispose();

    private SquashfsInode ReadInode(InodeReference reference, InodeKind kind)
    {
        SquashfsInode inode = ReadInode(reference);
        return inode.Kind == kind ? inode : throw Malformed($"the inode {reference} is no {kind}");
    }

    private SquashfsInode ReadInode(InodeReference reference)
    {
        long block = _superblock.InodeTable + reference.Block;
        if (block >= _superblock.DirectoryTable)
        {
            throw Malformed($"there is no inode {reference}");
        }
        if (SquashfsInode.Read(_metadata, new MetadataPosition(block, reference.Offset)) is not { } inode)
        {
            throw Malformed($"the inode {reference} is neither a file, a directory nor a symbolic link");
        }
        if (inode.Kind == InodeKind.File)
        {
            _content.CheckSize(inode);
        }
        if (inode.Kind == InodeKind.SymbolicLink && inode.Size is 0 or > Limits.PathBytes)
        {
            throw Malformed($"the symbolic link {reference} has {inode.Size:N0} bytes");
        }
        return inode;
    }

    private SquashfsListing OpenListing(
        in SquashfsInode directory,
        (MetadataPosition Place, long Offset) begin,
        byte[] window
    ) => new(_metadata, begin, directory.Size, window, _where);

    // The last run that the index knows to begin with a name no greater than this.
    private (MetadataPosition Place, long Offset) FindRun(in SquashfsInode directory, ReadOnlySpan<byte> name)
    {
        Span<byte> first = stackalloc byte[SquashfsFormat.NameBytes];
        IndexEntry found = default;
        MetadataPosition position = directory.Tail;
        for (int i = 0; i < directory.IndexEntries; i++)
        {
            IndexEntry entry = ReadIndexEntry(ref position, first, out int length);
            if (first[..length].SequenceCompareTo(name) > 0)
            {
                break;
            }
            found = entry;
        }
        return Begin(directory, found);
    }

    // The last run that the index knows to begin at this offset in the listing or before.
    private (MetadataPosition Place, long Offset) FindRun(in SquashfsInode directory, long offset)
    {
        Span<byte> first = stackalloc byte[SquashfsFormat.NameBytes];
        IndexEntry found = default;
        MetadataPosition position = directory.Tail;
        for (int i = 0; i < directory.IndexEntries; i++)
        {
            IndexEntry entry = ReadIndexEntry(ref position, first, out _);
            if (entry.Offset > offset)
            {
                break;
            }
            found = entry;
        }
        return Begin(directory, found);
    }

    private (MetadataPosition Place, long Offset) Begin(in SquashfsInode directory, IndexEntry entry)
    {
        if (entry.Offset > directory.Size)
        {
            throw Malformed("the index of a directory leads out of it");
        }
        long block = entry.Offset == 0 ? directory.Start : entry.Block;
        // All blocks before are full.
        var offset = (int)((directory.Offset + entry.Offset) % SquashfsFormat.MetadataBytes);
        return (new MetadataPosition(_superblock.DirectoryTable + block, offset), entry.Offset);
    }

    private IndexEntry ReadIndexEntry(ref MetadataPosition position, Span<byte> name, out int length)
    {
        Span<byte> entry = stackalloc byte[SquashfsFormat.DirectoryIndexBytes];
        _metadata.Read(ref position, entry);
        uint last = BinaryPrimitives.ReadUInt32LittleEndian(entry[8..]);
        if (last >= SquashfsFormat.NameBytes)
        {
            throw Malformed("the index of a directory is damaged");
        }
        length = (int)last + 1;
        _metadata.Read(ref position, name[..length]);
        return new IndexEntry(
            BinaryPrimitives.ReadUInt32LittleEndian(entry),
            BinaryPrimitives.ReadUInt32LittleEndian(entry[4..])
        );
    }

    // A directory has one name, and the root none: then no way leads in circles, and none branches without end.
    private void Remember(InodeReference directory, SquashfsListing entry)
    {
        if (entry.Kind != InodeKind.Directory)
        {
            return;
        }
        (InodeReference, long) name = (directory, entry.Next);
        lock (_names)
        {
            if (entry.Inode == Root || (!_names.TryAdd(entry.Inode, name) && _names[entry.Inode] != name))
            {
                throw Malformed("a directory has two names");
            }
            if (_names.Count > Limits.Members)
            {
                throw new CorruptDataException(
                    ErrorCodes.LimitExceeded,
                    $"{_where} has more than {Limits.Members:N0} directories"
                );
            }
        }
    }

    private CorruptDataException Malformed(string what) =>
        new(ErrorCodes.BadImage, $"{_where} has a malformed file system: {what}");

    /// <param name="Offset">In the listing.</param>
    /// <param name="Block">The metadata block, from the begin of the directory table.</param>
    private readonly record struct IndexEntry(uint Offset, uint Block);

    private sealed class Cursor(SquashfsTree tree, InodeReference directory, SquashfsListing listing) : IDirectoryCursor
    {
        public ReadOnlySpan<byte> Name => listing.Name;

        public InodeReference Inode => listing.Inode;

        public InodeKind Kind => listing.Kind;

        public long Next => listing.Next;

        public bool MoveNext()
        {
            if (!listing.MoveNext())
            {
                return false;
            }
            tree.Remember(directory, listing);
            return true;
        }
    }
}
