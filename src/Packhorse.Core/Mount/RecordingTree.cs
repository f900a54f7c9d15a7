using Packhorse.Image;

namespace Packhorse.Mount;

/// <summary>A tree that keeps what is read of its files, in the order of first use.</summary>
internal sealed class RecordingTree(IImageTree tree) : IImageTree
{
    // What the kernel reads are whole pages, and neighbours are needed together.
    private const int GranuleBytes = 64 << 10;

    private readonly System.Threading.Lock _lock = new();
    private readonly Dictionary<InodeReference, (InodeReference Parent, byte[] Name)> _names = [];
    private readonly HashSet<(InodeReference File, long Granule)> _seen = [];
    private readonly List<(InodeReference File, long Granule)> _order = [];

    public InodeReference Root => tree.Root;

    public uint InodeCount => tree.InodeCount;

    public InodeAttributes Attributes(InodeReference inode) => tree.Attributes(inode);

    public bool TryLookup(InodeReference directory, ReadOnlySpan<byte> name, out InodeReference inode)
    {
        bool found = tree.TryLookup(directory, name, out inode);
        if (found)
        {
            Name(inode, directory, name);
        }
        return found;
    }

    public IDirectoryCursor OpenDirectory(InodeReference directory, long position) =>
        new Cursor(this, directory, tree.OpenDirectory(directory, position));

    public InodeReference Parent(InodeReference directory) => tree.Parent(directory);

    public byte[] ReadLink(InodeReference link) => tree.ReadLink(link);

    public int Read(InodeReference file, long offset, Span<byte> destination)
    {
        int count = tree.Read(file, offset, destination);
        lock (_lock)
        {
            for (long granule = offset / GranuleBytes; granule * GranuleBytes < offset + count; granule++)
            {
                if (_seen.Add((file, granule)))
                {
                    _order.Add((file, granule));
                }
            }
        }
        return count;
    }

    /// <summary>What was read until now; neighbours in one piece.</summary>
    public IEnumerable<UsedRange> Ranges()
    {
        lock (_lock)
        {
            var ranges = new List<UsedRange>();
            foreach ((InodeReference file, long granule) in _order)
            {
                long offset = granule * GranuleBytes;
                long length = Math.Min(GranuleBytes, tree.Attributes(file).Size - offset);
                string path = PathOf(file);
                if (ranges is [.., var last] && last.Path == path && last.Offset + last.Length == offset)
                {
                    ranges[^1] = last with { Length = last.Length + length };
                }
                else
                {
                    ranges.Add(new UsedRange(path, offset, length));
                }
            }
            return ranges;
        }
    }

    private void Name(InodeReference inode, InodeReference directory, ReadOnlySpan<byte> name)
    {
        lock (_lock)
        {
            if (!_names.ContainsKey(inode))
            {
                _names.Add(inode, (directory, name.ToArray()));
            }
        }
    }

    private string PathOf(InodeReference inode)
    {
        var parts = new Stack<string>();
        while (inode != Root && _names.TryGetValue(inode, out (InodeReference Parent, byte[] Name) entry))
        {
            parts.Push(System.Text.Encoding.UTF8.GetString(entry.Name));
            inode = entry.Parent;
        }
        return string.Join('/', parts);
    }

    private sealed class Cursor(RecordingTree tree, InodeReference directory, IDirectoryCursor inner) : IDirectoryCursor
    {
        public ReadOnlySpan<byte> Name => inner.Name;

        public InodeReference Inode => inner.Inode;

        public InodeKind Kind => inner.Kind;

        public long Next => inner.Next;

        public bool MoveNext()
        {
            bool more = inner.MoveNext();
            if (more)
            {
                tree.Name(inner.Inode, directory, inner.Name);
            }
            return more;
        }
    }
}
