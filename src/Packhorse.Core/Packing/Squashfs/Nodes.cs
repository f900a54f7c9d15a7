using System.Text;
using Packhorse.Image;

namespace Packhorse.Packing.Squashfs;

/// <summary>What a name in the file system leads to. A file with several names is one node.</summary>
internal abstract class Node(UnixFileMode mode, long modified)
{
    public UnixFileMode Mode { get; } = mode;

    /// <summary>Seconds since 1970.</summary>
    public long Modified { get; } = modified;

    /// <summary>Counted from 1; 0 before it has one.</summary>
    public uint Number { get; set; }

    /// <summary>The SquashFS reference; known when it is written.</summary>
    public InodeReference Reference { get; set; }

    public bool IsWritten { get; set; }

    /// <summary>Names that lead to it.</summary>
    public int Names { get; set; } = 1;
}

internal sealed class FileNode(UnixFileMode mode, long modified, FileData data) : Node(mode, modified)
{
    public FileData Data { get; } = data;

    /// <summary>What another prefix changes in it; null: nothing.</summary>
    public RelocationNote? Relocation { get; init; }
}

internal sealed class LinkNode(byte[] target, long modified) : Node(All, modified)
{
    private const UnixFileMode All = (UnixFileMode)0x1FF;

    public byte[] Target { get; } = target;
}

internal sealed class DirectoryNode(UnixFileMode mode, long modified) : Node(mode, modified)
{
    private readonly Dictionary<string, Node> _children = new(StringComparer.Ordinal);

    public bool IsRoot { get; init; }

    /// <summary>Directories in it.</summary>
    public int Directories => _children.Values.Count(child => child is DirectoryNode);

    public Node? Find(string name) => _children.GetValueOrDefault(name);

    /// <exception cref="ArgumentException">The name is taken.</exception>
    public void Add(string name, Node node) => _children.Add(name, node);

    public void Remove(string name) => _children.Remove(name);

    /// <summary>Names as bytes, in their order, which is the order that SquashFS wants.</summary>
    public (byte[] Name, Node Node)[] Sorted()
    {
        (byte[] Name, Node Node)[] sorted =
        [
            .. _children.Select(child => (Encoding.UTF8.GetBytes(child.Key), child.Value)),
        ];
        Array.Sort(sorted, (a, b) => a.Item1.AsSpan().SequenceCompareTo(b.Item1));
        return sorted;
    }
}
