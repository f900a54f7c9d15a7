using System.Buffers.Binary;
using Packhorse.Image;

namespace Packhorse.Mount;

/// <summary>
/// Bytes of the FUSE protocol 7.31 (include/uapi/linux/fuse.h), as pure functions over spans. Numbers are in the byte order of the
/// machine, which is little-endian on all that we ship for.
/// </summary>
internal static class FuseFormat
{
    /// <summary>struct fuse_in_header: length, opcode, unique, node, user, group, process, and 4 bytes of padding.</summary>
    public const int RequestHeaderBytes = 40;

    /// <summary>struct fuse_out_header: length, error, unique.</summary>
    public const int AnswerHeaderBytes = 16;

    /// <summary>struct fuse_entry_out.</summary>
    public const int EntryBytes = 128;

    /// <summary>struct fuse_attr_out.</summary>
    public const int AttributesAnswerBytes = 104;

    /// <summary>struct fuse_dirent up to its name.</summary>
    public const int DirectoryEntryBytes = 24;

    /// <summary>struct fuse_kstatfs.</summary>
    public const int FileSystemBytes = 80;

    /// <summary>struct fuse_open_out.</summary>
    public const int OpenBytes = 16;

    /// <summary>The node of the root directory.</summary>
    public const ulong RootNode = 1;

    /// <summary>FOPEN_KEEP_CACHE: what the kernel has of a file stays valid.</summary>
    public const uint KeepsCache = 1 << 1;

    /// <summary>FOPEN_CACHE_DIR: the kernel may keep what a directory holds.</summary>
    public const uint CachesDirectory = 1 << 3;

    // struct fuse_attr stands in the answers behind their times.
    private const int AttributesInEntry = 40;
    private const int AttributesInAnswer = 16;
    private const int AttributeBytes = 88;

    // Seconds for which the kernel need not ask again: an image does not change.
    private const ulong Always = 1UL << 32;

    private const int BlockBytes = 4096;
    private const int StatBlockBytes = 512;

    /// <summary>A directory entry in a listing, its padding included.</summary>
    public static int ListedBytes(int nameBytes, bool plus) =>
        ((plus ? EntryBytes : 0) + DirectoryEntryBytes + nameBytes + 7) & ~7;

    /// <summary>Finishes an answer whose content stands behind the header.</summary>
    public static void WriteHeader(Span<byte> answer, int length, int error, ulong unique)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(answer, (uint)length);
        BinaryPrimitives.WriteInt32LittleEndian(answer[4..], error);
        BinaryPrimitives.WriteUInt64LittleEndian(answer[8..], unique);
    }

    /// <summary>A name that exists.</summary>
    public static void WriteEntry(Span<byte> entry, ulong node, in InodeAttributes attributes, FuseOwner owner)
    {
        entry[..EntryBytes].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(entry, node);
        BinaryPrimitives.WriteUInt64LittleEndian(entry[16..], Always);
        BinaryPrimitives.WriteUInt64LittleEndian(entry[24..], Always);
        WriteAttributes(entry[AttributesInEntry..], attributes, owner);
    }

    /// <summary>A name that does not exist, and that the kernel need not ask for again.</summary>
    public static void WriteAbsence(Span<byte> entry)
    {
        entry[..EntryBytes].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(entry[16..], Always);
    }

    public static void WriteAttributesAnswer(Span<byte> answer, in InodeAttributes attributes, FuseOwner owner)
    {
        answer[..AttributesAnswerBytes].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(answer, Always);
        WriteAttributes(answer[AttributesInAnswer..], attributes, owner);
    }

    /// <summary>One entry of a listing; of <c>.</c> and <c>..</c> the kernel takes no attributes.</summary>
    /// <param name="next">Where a later request goes on.</param>
    /// <returns>Its bytes.</returns>
    public static int WriteListed(
        Span<byte> to,
        ReadOnlySpan<byte> name,
        ulong number,
        InodeKind kind,
        long next,
        bool plus
    )
    {
        int length = ListedBytes(name.Length, plus);
        Span<byte> entry = to[(plus ? EntryBytes : 0)..length];
        entry.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(entry, number);
        BinaryPrimitives.WriteInt64LittleEndian(entry[8..], next);
        BinaryPrimitives.WriteInt32LittleEndian(entry[16..], name.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[20..], TypeBits(kind) >> 12);
        name.CopyTo(entry[DirectoryEntryBytes..]);
        return length;
    }

    public static void WriteOpened(Span<byte> answer, uint flags)
    {
        answer[..OpenBytes].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(answer[8..], flags);
    }

    /// <summary>A file system that is full, as a read-only one is.</summary>
    public static void WriteFileSystem(Span<byte> answer, long bytes, uint inodes)
    {
        answer[..FileSystemBytes].Clear();
        BinaryPrimitives.WriteInt64LittleEndian(answer, (bytes + BlockBytes - 1) / BlockBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(answer[24..], inodes);
        BinaryPrimitives.WriteInt32LittleEndian(answer[40..], BlockBytes);
        BinaryPrimitives.WriteInt32LittleEndian(answer[44..], Model.Limits.PathComponentBytes);
        BinaryPrimitives.WriteInt32LittleEndian(answer[48..], BlockBytes);
    }

    private static void WriteAttributes(Span<byte> to, in InodeAttributes attributes, FuseOwner owner)
    {
        Span<byte> fields = to[..AttributeBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(fields, attributes.Number);
        BinaryPrimitives.WriteInt64LittleEndian(fields[8..], attributes.Size);
        BinaryPrimitives.WriteInt64LittleEndian(fields[16..], (attributes.Size + StatBlockBytes - 1) / StatBlockBytes);
        // Of access, modification and change alike.
        BinaryPrimitives.WriteInt64LittleEndian(fields[24..], attributes.Modified);
        BinaryPrimitives.WriteInt64LittleEndian(fields[32..], attributes.Modified);
        BinaryPrimitives.WriteInt64LittleEndian(fields[40..], attributes.Modified);
        BinaryPrimitives.WriteUInt32LittleEndian(fields[60..], TypeBits(attributes.Kind) | (uint)attributes.Mode);
        BinaryPrimitives.WriteUInt32LittleEndian(fields[64..], attributes.Links);
        BinaryPrimitives.WriteUInt32LittleEndian(fields[68..], owner.User);
        BinaryPrimitives.WriteUInt32LittleEndian(fields[72..], owner.Group);
        BinaryPrimitives.WriteInt32LittleEndian(fields[80..], BlockBytes);
    }

    // S_IFMT of stat.h; its upper four bits are the type in a directory entry.
    private static uint TypeBits(InodeKind kind) =>
        kind switch
        {
            InodeKind.Directory => 0x4000,
            InodeKind.SymbolicLink => 0xA000,
            _ => 0x8000,
        };
}

/// <summary>Whom everything in a mount belongs to.</summary>
internal readonly record struct FuseOwner(uint User, uint Group);
