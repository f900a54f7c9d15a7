using System.Text;
using Packhorse.Image;
using Packhorse.Model;

namespace Packhorse.Tests.Mount;

/// <summary>A tree in memory. An inode's reference is its number in the order of adding, times 65536.</summary>
internal sealed class MemoryTree : IImageTree
{
    private readonly List<Node> _nodes = [];

    public MemoryTree() => _nodes.Add(new Node { Kind = InodeKind.Directory, Parent = 0 });

    /// <summary>Reads of this file find damage.</summary>
    public InodeReference? Damaged { get; set; }

    public InodeReference Root => Reference(0);

    public uint InodeCount => (uint)_nodes.Count;

    public InodeReference AddFile(InodeReference directory, string name, byte[] content) =>
        Add(directory, name, new Node { Kind = InodeKind.File, Content = content });

    public InodeReference AddLink(InodeReference directory, string name, string text) =>
        Add(directory, name, new Node { Kind = InodeKind.SymbolicLink, Content = Encoding.UTF8.GetBytes(text) });

    public InodeReference AddDirectory(InodeReference directory, string name) =>
        Add(directory, name, new Node { Kind = InodeKind.Directory, Parent = Index(directory) });

    public InodeAttributes Attributes(InodeReference inode)
    {
        Node node = _nodes[Index(inode)];
        return new InodeAttributes
        {
            Kind = node.Kind,
            Mode = node.Kind == InodeKind.File ? (UnixFileMode)0x1A4 : (UnixFileMode)0x1ED,
            Size = node.Content.Length,
            Modified = 315532800,
            Links = node.Kind == InodeKind.Directory ? 2u : 1u,
            Number = (uint)Index(inode) + 1,
        };
    }

    public bool TryLookup(InodeReference directory, ReadOnlySpan<byte> name, out InodeReference inode)
    {
        string text = Encoding.UTF8.GetString(name);
        inode = _nodes[Index(directory)].Children.TryGetValue(text, out int index) ? Reference(index) : default;
        return inode != default;
    }

    public IDirectoryCursor OpenDirectory(InodeReference directory, long position) =>
        new Cursor(this, _nodes[Index(directory)], position);

    public InodeReference Parent(InodeReference directory) => Reference(_nodes[Index(directory)].Parent);

    public byte[] ReadLink(InodeReference link) => _nodes[Index(link)].Content;

    public int Read(InodeReference file, long offset, Span<byte> destination)
    {
        if (file == Damaged)
        {
            throw new CorruptDataException(ErrorCodes.DigestMismatch, "the image is damaged at byte 1,234");
        }
        return new MemorySource(_nodes[Index(file)].Content).Read(destination, offset);
    }

    private static InodeReference Reference(int index) => new((ulong)(index + 1) << 16);

    private static int Index(InodeReference inode) => (int)(inode.Value >> 16) - 1;

    private InodeReference Add(InodeReference directory, string name, Node node)
    {
        _nodes[Index(directory)].Children.Add(name, _nodes.Count);
        _nodes.Add(node);
        return Reference(_nodes.Count - 1);
    }

    private sealed class Node
    {
        public required InodeKind Kind { get; init; }

        public byte[] Content { get; init; } = [];

        public int Parent { get; init; }

        public SortedDictionary<string, int> Children { get; } = new(StringComparer.Ordinal);
    }

    private sealed class Cursor(MemoryTree tree, Node directory, long position) : IDirectoryCursor
    {
        private readonly KeyValuePair<string, int>[] _entries = [.. directory.Children];
        private long _next = position;

        public ReadOnlySpan<byte> Name => Encoding.UTF8.GetBytes(_entries[_next - 1].Key);

        public InodeReference Inode => Reference(_entries[_next - 1].Value);

        public InodeKind Kind => tree.Attributes(Inode).Kind;

        public long Next => _next;

        public bool MoveNext() => _next++ < _entries.Length;
    }
}
