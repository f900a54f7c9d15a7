using System.Buffers.Binary;

namespace Packhorse.Image;

/// <summary>An inode as the inode table has it.</summary>
internal struct SquashfsInode
{
    // The longest is an extended file's.
    private const int LongestBody = 40;

    public InodeKind Kind;
    public ushort Mode;
    public uint Modified;
    public uint Number;
    public uint Links;

    /// <summary>Bytes of a file, of a link's text, or of a directory's listing.</summary>
    public long Size;

    /// <summary>File: where its first block is stored. Directory: where its listing's metadata block is, from the table's begin.</summary>
    public long Start;

    /// <summary>File: which fragment its end is in.</summary>
    public uint Fragment;

    /// <summary>Where in the fragment, or in the listing's block.</summary>
    public uint Offset;

    /// <summary>Of a directory: the number of the inode that it lies in.</summary>
    public uint Parent;

    /// <summary>Of a directory: entries of its index.</summary>
    public int IndexEntries;

    /// <summary>What follows the inode: the sizes of a file's blocks, a link's text, a directory's index.</summary>
    public MetadataPosition Tail;

    public readonly InodeAttributes Attributes =>
        new()
        {
            Kind = Kind,
            Mode = (UnixFileMode)(Mode & 0xFFF),
            Size = Size,
            Modified = Modified,
            Links = Links,
            Number = Number,
        };

    /// <param name="position">Where it begins.</param>
    /// <returns>Null for what is neither file, directory nor symbolic link.</returns>
    public static SquashfsInode? Read(SquashfsMetadata metadata, MetadataPosition position)
    {
        Span<byte> bytes = stackalloc byte[LongestBody];
        Span<byte> header = bytes[..SquashfsFormat.InodeHeaderBytes];
        metadata.Read(ref position, header);
        var type = (SquashfsInodeType)BinaryPrimitives.ReadUInt16LittleEndian(header);
        var inode = new SquashfsInode
        {
            Mode = BinaryPrimitives.ReadUInt16LittleEndian(header[2..]),
            Modified = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]),
            Number = BinaryPrimitives.ReadUInt32LittleEndian(header[12..]),
            Links = 1,
            Fragment = SquashfsFormat.NoFragment,
        };
        int length = BodyBytes(type);
        if (length == 0)
        {
            return null;
        }
        Span<byte> body = bytes[..length];
        metadata.Read(ref position, body);
        inode.Tail = position;
        switch (type)
        {
            case SquashfsInodeType.Directory:
                inode.ReadDirectory(body);
                break;
            case SquashfsInodeType.ExtendedDirectory:
                inode.ReadExtendedDirectory(body);
                break;
            case SquashfsInodeType.File:
                inode.ReadFile(body);
                break;
            case SquashfsInodeType.ExtendedFile:
                inode.ReadExtendedFile(body);
                break;
            default:
                inode.Kind = InodeKind.SymbolicLink;
                inode.Links = Word(body, 0);
                inode.Size = Word(body, 4);
                break;
        }
        return inode;
    }

    private static int BodyBytes(SquashfsInodeType type) =>
        type switch
        {
            SquashfsInodeType.Directory => 16,
            SquashfsInodeType.ExtendedDirectory => 24,
            SquashfsInodeType.File => 16,
            SquashfsInodeType.ExtendedFile => 40,
            // An extended link has one more member behind its text, which is for attributes.
            SquashfsInodeType.SymbolicLink or SquashfsInodeType.ExtendedSymbolicLink => 8,
            _ => 0,
        };

    // Start 4, links 4, size 2, offset 2, parent 4.
    private void ReadDirectory(ReadOnlySpan<byte> body)
    {
        Kind = InodeKind.Directory;
        Start = Word(body, 0);
        Links = Word(body, 4);
        Size = ListingBytes(BinaryPrimitives.ReadUInt16LittleEndian(body[8..]));
        Offset = BinaryPrimitives.ReadUInt16LittleEndian(body[10..]);
        Parent = Word(body, 12);
    }

    // Links 4, size 4, start 4, parent 4, index entries 2, offset 2, attributes 4.
    private void ReadExtendedDirectory(ReadOnlySpan<byte> body)
    {
        Kind = InodeKind.Directory;
        Links = Word(body, 0);
        Size = ListingBytes(Word(body, 4));
        Start = Word(body, 8);
        Parent = Word(body, 12);
        IndexEntries = BinaryPrimitives.ReadUInt16LittleEndian(body[16..]);
        Offset = BinaryPrimitives.ReadUInt16LittleEndian(body[18..]);
    }

    // Start 4, fragment 4, offset in it 4, size 4.
    private void ReadFile(ReadOnlySpan<byte> body)
    {
        Kind = InodeKind.File;
        Start = Word(body, 0);
        Fragment = Word(body, 4);
        Offset = Word(body, 8);
        Size = Word(body, 12);
    }

    // Start 8, size 8, bytes in sparse blocks 8, links 4, fragment 4, offset in it 4, attributes 4.
    private void ReadExtendedFile(ReadOnlySpan<byte> body)
    {
        Kind = InodeKind.File;
        Start = BinaryPrimitives.ReadInt64LittleEndian(body);
        Size = BinaryPrimitives.ReadInt64LittleEndian(body[8..]);
        Links = Word(body, 24);
        Fragment = Word(body, 28);
        Offset = Word(body, 32);
    }

    private static long ListingBytes(uint size) => Math.Max(0, size - (long)SquashfsFormat.DirectorySizeExcess);

    private static uint Word(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);
}
