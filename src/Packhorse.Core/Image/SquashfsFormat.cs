namespace Packhorse.Image;

/// <summary>
/// Numbers of SquashFS 4.0 (Linux: fs/squashfs/squashfs_fs.h). All integers are little-endian.
/// </summary>
public static class SquashfsFormat
{
    public const uint Magic = 0x73717368;
    public const int MajorVersion = 4;
    public const int MinorVersion = 0;

    public const int SuperblockBytes = 96;

    /// <summary>File systems are filled up to a multiple of so many bytes.</summary>
    public const int Alignment = 4096;

    /// <summary>Decoded bytes of every metadata block but a table's last.</summary>
    public const int MetadataBytes = 8192;

    /// <summary>Before each metadata block: its stored bytes in 16 bits.</summary>
    public const int MetadataHeaderBytes = 2;

    /// <summary>In a metadata block's header: it is stored as it is.</summary>
    public const ushort MetadataUncompressed = 0x8000;

    /// <summary>In the stored size of a data or fragment block: it is stored as it is.</summary>
    public const uint BlockUncompressed = 1 << 24;

    /// <summary>Bytes of a data block of the images that are written here.</summary>
    public const int BlockBytes = 128 << 10;

    public const int SmallestBlockBytes = 4 << 10;
    public const int LargestBlockBytes = 1 << 20;

    /// <summary>A file without a fragment.</summary>
    public const uint NoFragment = uint.MaxValue;

    /// <summary>An inode without extended attributes.</summary>
    public const uint NoAttributes = uint.MaxValue;

    /// <summary>Where a table that is not there begins.</summary>
    public const ulong NoTable = ulong.MaxValue;

    /// <summary>An entry of the fragment table: where the block begins (8), its stored size (4), zeros (4).</summary>
    public const int FragmentEntryBytes = 16;

    /// <summary>What all inodes begin with: type, permissions, owner, group (2 each), time, number (4 each).</summary>
    public const int InodeHeaderBytes = 16;

    /// <summary>Before a run of directory entries: their count less one, where their inodes' block begins, a number (4 each).</summary>
    public const int DirectoryHeaderBytes = 12;

    /// <summary>Entries after one directory header.</summary>
    public const int DirectoryRunEntries = 256;

    /// <summary>
    /// Before the name of a directory entry: offset of the inode in its block, the inode's number less the header's, type, length of
    /// the name less one (2 each).
    /// </summary>
    public const int DirectoryEntryBytes = 8;

    /// <summary>
    /// Before the name of an entry of a directory's index: offset of a header in the listing, where its metadata block begins, length
    /// of the name less one (4 each).
    /// </summary>
    public const int DirectoryIndexBytes = 12;

    /// <summary>A directory's size is so many bytes more than its listing: they stand for "." and "..".</summary>
    public const int DirectorySizeExcess = 3;

    public const int NameBytes = 255;
}

/// <summary>Types of inodes. Those from 8 on have more members than the first seven.</summary>
public enum SquashfsInodeType : ushort
{
    Directory = 1,
    File = 2,
    SymbolicLink = 3,
    BlockDevice = 4,
    CharacterDevice = 5,
    Pipe = 6,
    Socket = 7,
    ExtendedDirectory = 8,
    ExtendedFile = 9,
    ExtendedSymbolicLink = 10,
    ExtendedBlockDevice = 11,
    ExtendedCharacterDevice = 12,
    ExtendedPipe = 13,
    ExtendedSocket = 14,
}

/// <summary>The compressor of a file system.</summary>
public enum SquashfsCompressor : ushort
{
    Gzip = 1,
    Lzma = 2,
    Lzo = 3,
    Xz = 4,
    Lz4 = 5,
    Zstd = 6,
}

/// <summary>Bits of a superblock.</summary>
[Flags]
public enum SquashfsFlags : ushort
{
    None = 0,
    UncompressedInodes = 0x0001,
    UncompressedData = 0x0002,
    UncompressedFragments = 0x0008,
    NoFragments = 0x0010,
    AlwaysFragments = 0x0020,
    Duplicates = 0x0040,
    Exportable = 0x0080,
    UncompressedAttributes = 0x0100,
    NoAttributes = 0x0200,
    CompressorOptions = 0x0400,
    UncompressedIds = 0x0800,
}
