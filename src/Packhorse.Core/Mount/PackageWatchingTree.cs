using Packhorse.Image;

namespace Packhorse.Mount;

/// <summary>A tree that says when a program first comes to the compiled modules of a Python package.</summary>
/// <param name="seen">Gets the directory of each such package once, by whichever thread answers the program; it is quick and never throws.</param>
internal sealed class PackageWatchingTree(IImageTree tree, Action<InodeReference> seen) : IImageTree
{
    private readonly System.Threading.Lock _lock = new();
    private readonly HashSet<InodeReference> _packages = [];

    // The directory of compiled modules, which Python never lists: PEP 3147.
    private static ReadOnlySpan<byte> CompiledModules => "__pycache__"u8;

    public InodeReference Root => tree.Root;

    public uint InodeCount => tree.InodeCount;

    public InodeAttributes Attributes(InodeReference inode) => tree.Attributes(inode);

    public bool TryLookup(InodeReference directory, ReadOnlySpan<byte> name, out InodeReference inode)
    {
        bool found = tree.TryLookup(directory, name, out inode);
        if (found && name.SequenceEqual(CompiledModules) && IsNew(directory))
        {
            seen(directory);
        }
        return found;
    }

    public IDirectoryCursor OpenDirectory(InodeReference directory, long position) =>
        tree.OpenDirectory(directory, position);

    public InodeReference Parent(InodeReference directory) => tree.Parent(directory);

    public byte[] ReadLink(InodeReference link) => tree.ReadLink(link);

    public int Read(InodeReference file, long offset, Span<byte> destination) => tree.Read(file, offset, destination);

    private bool IsNew(InodeReference package)
    {
        lock (_lock)
        {
            return _packages.Count < Model.Limits.PackagesAhead && _packages.Add(package);
        }
    }
}
