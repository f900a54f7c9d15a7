using Packhorse.Image;
using Packhorse.Install;
using Packhorse.Model;

namespace Packhorse.Pack;

/// <summary>A file or a symbolic link that is to be unpacked.</summary>
internal sealed class ImageEntry(in ImagePath path)
{
    // Put together when it is wanted: an environment has a hundred thousand of them.
    private readonly ImagePath _path = path;

    public string Path => _path.Path;

    public InodeReference Inode => _path.Inode;

    public InodeKind Kind => _path.Kind;

    /// <summary>Bytes of the file at the new prefix.</summary>
    public long Size { get; init; }

    /// <summary>Where its content is stored.</summary>
    public long Order { get; init; }

    /// <summary>The lowest is wanted first.</summary>
    public int Rank { get; set; } = int.MaxValue;
}

/// <summary>What of an image is to be unpacked, in the way of an installation: without what is written anew.</summary>
internal sealed class ImageListing
{
    private readonly HashSet<string> _own;
    private readonly HashSet<string> _records;
    private readonly Dictionary<InodeReference, string> _names = [];

    private ImageListing(IReadOnlyList<PackageRecord> records)
    {
        _records = records.Select(CondaMeta.RecordPath).ToHashSet(StringComparer.Ordinal);
        _own = CondaMeta.ReservedPaths([]).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Parents first; without those that hold byte-code only.</summary>
    public List<string> Directories { get; } = [];

    public List<ImageEntry> Entries { get; } = [];

    /// <summary>More names of files, with the first of them.</summary>
    public List<(string Path, string Existing)> HardLinks { get; } = [];

    /// <summary>By their paths: files of conda-meta, one a package.</summary>
    public Dictionary<string, ImageEntry> Records { get; } = new(StringComparer.Ordinal);

    /// <summary>Bytes of all files, each name counted once.</summary>
    public long Bytes { get; private set; }

    /// <param name="tree">For the new prefix.</param>
    /// <param name="leaveOut">Names the byte-code that is left out; null: none is.</param>
    /// <exception cref="CorruptDataException">The tree is damaged, or holds what no environment has.</exception>
    public static ImageListing Read(EnvironmentImage image, IImageTree tree, RelocationTable? leaveOut)
    {
        var listing = new ImageListing([.. image.Manifest.Packages.Select(package => package.Record)]);
        // Directories that hold something else than byte-code, or nothing: the tree gives them before what is in them.
        var filled = new HashSet<string>(StringComparer.Ordinal);
        var emptied = new HashSet<string>(StringComparer.Ordinal);
        var directories = new List<string>();
        foreach (ImagePath path in ImageWalk.All(tree))
        {
            string parent = path.Directory;
            if (path.Kind == InodeKind.Directory)
            {
                directories.Add(path.Path);
                continue;
            }
            if (
                leaveOut?.TryFind(path.Inode, out RelocationEntry entry) == true
                && entry.Kind == RelocationKind.ByteCode
            )
            {
                emptied.Add(parent);
                continue;
            }
            for (; parent.Length > 0 && filled.Add(parent); parent = parent[..Math.Max(0, parent.LastIndexOf('/'))]) { }
            listing.Add(path, (image.Tree, tree));
        }
        listing.Directories.AddRange(
            directories.Where(directory => filled.Contains(directory) || !emptied.Contains(directory))
        );
        listing.CheckRecords(image.Where);
        return listing;
    }

    private void Add(ImagePath path, (SquashfsTree Stored, IImageTree At) tree)
    {
        bool isOurs = path.Directory is "" or CondaMeta.Directory or CondaMeta.WheelRecords;
        if (isOurs && _own.Contains(path.Path))
        {
            return;
        }
        if (path.Kind == InodeKind.SymbolicLink)
        {
            Entries.Add(new ImageEntry(path));
            return;
        }
        InodeAttributes attributes = tree.At.Attributes(path.Inode);
        Bytes += attributes.Size;
        if (isOurs && _records.Contains(path.Path))
        {
            Records.Add(path.Path, new ImageEntry(path) { Size = attributes.Size });
            return;
        }
        if (attributes.Links > 1 && !_names.TryAdd(path.Inode, path.Path))
        {
            HardLinks.Add((path.Path, _names[path.Inode]));
            return;
        }
        Entries.Add(new ImageEntry(path) { Size = attributes.Size, Order = tree.Stored.StorageOrder(path.Inode) });
    }

    private void CheckRecords(string where)
    {
        if (_records.FirstOrDefault(path => !Records.ContainsKey(path)) is { } missing)
        {
            throw new CorruptDataException(
                ErrorCodes.BadImage,
                $"{where} lists a package of which it has no record {EntryPath.Quote(missing)}"
            );
        }
    }
}
