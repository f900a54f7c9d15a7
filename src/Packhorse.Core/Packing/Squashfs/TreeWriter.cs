using System.Buffers.Binary;
using Packhorse.Codecs;
using Packhorse.Image;

namespace Packhorse.Packing.Squashfs;

/// <summary>
/// Writes the inode and directory tables of a tree, children before their directory; a directory's files stand side by side
/// (squashfs_fs.h, struct squashfs_*_inode, squashfs_dir_header, squashfs_dir_entry).
/// </summary>
internal sealed class TreeWriter(ZstdCompressor compressor)
{
    private readonly MetadataWriter _inodes = new(compressor);
    private readonly MetadataWriter _directories = new(compressor);
    private readonly List<FileNode> _relocated = [];
    private readonly List<byte> _inode = [];
    private uint _numbered;

    /// <summary>Inodes written.</summary>
    public uint Count => _numbered;

    /// <summary>Files that another prefix changes.</summary>
    public IReadOnlyList<FileNode> Relocated => _relocated;

    public byte[] InodeTable() => _inodes.Complete();

    public byte[] DirectoryTable() => _directories.Complete();

    public void Write(DirectoryNode root)
    {
        Number(root);
        // What the kernel expects of the root's parent: a number that no inode has.
        WriteDirectory(root, _numbered + 1);
    }

    // In the order in which they are written, so that neighbours have neighbouring numbers.
    private void Number(DirectoryNode directory)
    {
        (byte[] Name, Node Node)[] children = directory.Sorted();
        foreach ((_, Node child) in children)
        {
            if (child is DirectoryNode inner)
            {
                Number(inner);
            }
        }
        foreach ((_, Node child) in children)
        {
            if (child.Number == 0)
            {
                child.Number = ++_numbered;
            }
        }
        if (directory.Number == 0 && directory.IsRoot)
        {
            directory.Number = ++_numbered;
        }
    }

    private void WriteDirectory(DirectoryNode directory, uint parent)
    {
        (byte[] Name, Node Node)[] children = directory.Sorted();
        foreach ((_, Node child) in children)
        {
            if (child is DirectoryNode inner)
            {
                WriteDirectory(inner, directory.Number);
            }
        }
        foreach ((_, Node child) in children)
        {
            WriteFileOrLink(child);
        }
        WriteDirectoryInode(directory, parent, WriteListing(children));
    }

    // A file with several names is written once.
    private void WriteFileOrLink(Node node)
    {
        if (node.IsWritten)
        {
            return;
        }
        switch (node)
        {
            case FileNode file:
                WriteFile(file);
                break;
            case LinkNode link:
                Begin(link, SquashfsInodeType.SymbolicLink);
                Add32((uint)link.Names);
                Add32((uint)link.Target.Length);
                _inode.AddRange(link.Target);
                End();
                break;
        }
    }

    private void WriteFile(FileNode file)
    {
        FileData data = file.Data;
        bool extended = file.Names > 1 || data.Sparse > 0 || data.Size > uint.MaxValue || data.Start > uint.MaxValue;
        Begin(file, extended ? SquashfsInodeType.ExtendedFile : SquashfsInodeType.File);
        if (extended)
        {
            Add64((ulong)data.Start);
            Add64((ulong)data.Size);
            Add64((ulong)data.Sparse);
            Add32((uint)file.Names);
        }
        else
        {
            Add32((uint)data.Start);
        }
        Add32(data.Fragment is { } fragment ? (uint)fragment : SquashfsFormat.NoFragment);
        Add32((uint)data.FragmentOffset);
        Add32(extended ? SquashfsFormat.NoAttributes : (uint)data.Size);
        data.Blocks.ForEach(Add32);
        End();
        if (file.Relocation is { IsEmpty: false })
        {
            _relocated.Add(file);
        }
    }

    private Listing WriteListing((byte[] Name, Node Node)[] children)
    {
        var listing = new Listing(_directories.BlockStart, _directories.BlockOffset);
        int at = 0;
        while (at < children.Length)
        {
            int count = RunLength(children, at);
            listing.NoteBlock(_directories.BlockStart, children[at].Name);
            WriteRun(children.AsSpan(at, count), listing);
            at += count;
        }
        return listing;
    }

    // One header is for entries whose inodes are in one block and near each other in number.
    private static int RunLength((byte[] Name, Node Node)[] children, int at)
    {
        Node first = children[at].Node;
        int count = 1;
        while (
            at + count < children.Length
            && count < SquashfsFormat.DirectoryRunEntries
            && children[at + count].Node is var node
            && node.Reference.Block == first.Reference.Block
            && (long)node.Number - first.Number is >= short.MinValue and <= short.MaxValue
        )
        {
            count++;
        }
        return count;
    }

    private void WriteRun(ReadOnlySpan<(byte[] Name, Node Node)> run, Listing listing)
    {
        Node first = run[0].Node;
        Span<byte> header = stackalloc byte[SquashfsFormat.DirectoryHeaderBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(header, (uint)run.Length - 1);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], (uint)first.Reference.Block);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], first.Number);
        _directories.Write(header);
        listing.Bytes += header.Length;
        Span<byte> entry = stackalloc byte[SquashfsFormat.DirectoryEntryBytes];
        foreach ((byte[] name, Node node) in run)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(entry, (ushort)node.Reference.Offset);
            BinaryPrimitives.WriteInt16LittleEndian(entry[2..], (short)((long)node.Number - first.Number));
            BinaryPrimitives.WriteUInt16LittleEndian(entry[4..], (ushort)TypeOf(node));
            BinaryPrimitives.WriteUInt16LittleEndian(entry[6..], (ushort)(name.Length - 1));
            _directories.Write(entry);
            _directories.Write(name);
            listing.Bytes += entry.Length + name.Length;
        }
    }

    private static SquashfsInodeType TypeOf(Node node) =>
        node switch
        {
            DirectoryNode => SquashfsInodeType.Directory,
            FileNode => SquashfsInodeType.File,
            _ => SquashfsInodeType.SymbolicLink,
        };

    private void WriteDirectoryInode(DirectoryNode directory, uint parent, Listing listing)
    {
        uint size = checked((uint)listing.Bytes + SquashfsFormat.DirectorySizeExcess);
        uint links = (uint)directory.Directories + 2;
        if (size <= ushort.MaxValue && listing.Index.Count == 0)
        {
            Begin(directory, SquashfsInodeType.Directory);
            Add32((uint)listing.Start);
            Add32(links);
            Add16((ushort)size);
            Add16((ushort)listing.Offset);
            Add32(parent);
            End();
            return;
        }
        Begin(directory, SquashfsInodeType.ExtendedDirectory);
        Add32(links);
        Add32(size);
        Add32((uint)listing.Start);
        Add32(parent);
        Add16((ushort)listing.Index.Count);
        Add16((ushort)listing.Offset);
        Add32(SquashfsFormat.NoAttributes);
        foreach ((long offset, long start, byte[] name) in listing.Index)
        {
            Add32((uint)offset);
            Add32((uint)start);
            Add32((uint)name.Length - 1);
            _inode.AddRange(name);
        }
        End();
    }

    private void Begin(Node node, SquashfsInodeType type)
    {
        node.Reference = _inodes.Reference;
        node.IsWritten = true;
        Add16((ushort)type);
        Add16((ushort)node.Mode);
        // Owner and group: the first of the one identifier that there is.
        Add16(0);
        Add16(0);
        Add32((uint)Math.Clamp(node.Modified, 0, uint.MaxValue));
        Add32(node.Number);
    }

    private void End()
    {
        _inodes.Write(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_inode));
        _inode.Clear();
    }

    private void Add16(ushort value)
    {
        Span<byte> bytes = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, value);
        _inode.AddRange(bytes);
    }

    private void Add32(uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        _inode.AddRange(bytes);
    }

    private void Add64(ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        _inode.AddRange(bytes);
    }

    /// <summary>One directory's entries as they were written.</summary>
    private sealed class Listing
    {
        private long _block;

        public Listing(long start, int offset)
        {
            Start = _block = start;
            Offset = offset;
        }

        /// <summary>The metadata block in which it begins, and where in it.</summary>
        public long Start { get; }

        public int Offset { get; }

        /// <summary>Uncompressed.</summary>
        public long Bytes { get; set; }

        /// <summary>For each further metadata block: where in the listing a header is that begins in it, and the first name there.</summary>
        public List<(long Offset, long Start, byte[] Name)> Index { get; } = [];

        /// <summary>A header is about to be written.</summary>
        public void NoteBlock(long block, byte[] name)
        {
            if (block != _block && Index.Count < ushort.MaxValue)
            {
                Index.Add((Bytes, block, name));
                _block = block;
            }
        }
    }
}
