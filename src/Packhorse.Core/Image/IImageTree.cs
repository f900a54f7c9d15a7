using Packhorse.Model;

namespace Packhorse.Image;

/// <summary>
/// A file system that is only read. Inodes are named by their <see cref="InodeReference"/>, which stays the same as long as the image
/// does. Thread-safe. Whatever is damaged leaves as <see cref="CorruptDataException"/>, never as other bytes.
/// </summary>
public interface IImageTree
{
    /// <summary>The directory that is the prefix.</summary>
    InodeReference Root { get; }

    /// <summary>How many inodes there are.</summary>
    uint InodeCount { get; }

    InodeAttributes Attributes(InodeReference inode);

    /// <returns>False when the directory has no such name. "." and ".." are none.</returns>
    bool TryLookup(InodeReference directory, ReadOnlySpan<byte> name, out InodeReference inode);

    /// <summary>The entries of a directory in the order of their names' bytes, without "." and "..".</summary>
    /// <param name="position">0, or the <see cref="IDirectoryCursor.Next"/> of an entry: goes on with the one after it.</param>
    IDirectoryCursor OpenDirectory(InodeReference directory, long position);

    /// <summary>The directory that a directory lies in; the root's is the root.</summary>
    /// <param name="directory">The root, or one that a lookup or an enumeration has given.</param>
    InodeReference Parent(InodeReference directory);

    /// <summary>What a symbolic link says.</summary>
    byte[] ReadLink(InodeReference link);

    /// <returns>Bytes read: as many as asked for, fewer only at the end of the file.</returns>
    int Read(InodeReference file, long offset, Span<byte> destination);
}

/// <summary>Goes through the entries of a directory. For one thread.</summary>
public interface IDirectoryCursor
{
    /// <returns>False after the last entry.</returns>
    bool MoveNext();

    /// <summary>Of the current entry; valid until the next <see cref="MoveNext"/>.</summary>
    ReadOnlySpan<byte> Name { get; }

    InodeReference Inode { get; }

    InodeKind Kind { get; }

    /// <summary>The position after the current entry: positive, and the same whenever the directory is read.</summary>
    long Next { get; }
}

/// <summary>
/// The name of an inode in SquashFS: where its metadata block begins in the inode table, times 65536, plus its offset in the decoded block.
/// </summary>
/// <param name="Value">48 bits.</param>
public readonly record struct InodeReference(ulong Value)
{
    public InodeReference(long block, int offset)
        : this(((ulong)block << 16) | (uint)offset) { }

    /// <summary>Where the metadata block begins, counted from the begin of the inode table.</summary>
    public long Block => (long)(Value >> 16);

    /// <summary>Offset in the decoded metadata block.</summary>
    public int Offset => (int)(Value & 0xFFFF);

    public override string ToString() => $"{Block}:{Offset}";
}

public enum InodeKind : byte
{
    File,
    Directory,
    SymbolicLink,
}

/// <summary>What <c>stat</c> tells of an inode. All belong to one owner, whom the reader chooses.</summary>
public readonly record struct InodeAttributes
{
    public required InodeKind Kind { get; init; }

    /// <summary>The twelve bits of permissions.</summary>
    public required UnixFileMode Mode { get; init; }

    /// <summary>Bytes of a file's content or of a link's text; of a directory a number without meaning.</summary>
    public required long Size { get; init; }

    /// <summary>Seconds since 1970.</summary>
    public required long Modified { get; init; }

    public required uint Links { get; init; }

    /// <summary>Of all inodes of an image each has another one, from 1 on.</summary>
    public required uint Number { get; init; }
}
