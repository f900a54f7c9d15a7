using Packhorse.Image;
using Packhorse.Model;
using Packhorse.Mount;

namespace Packhorse.Fuzz;

/// <summary>The parsers of images: what a mount and an unpack would read of them, without a mount and without an unpack.</summary>
internal static class ImageTargets
{
    private const string Where = "input";

    // Longer than the baked one, and with a blank: other rules for first lines.
    private const string OtherPrefix = "/some/other place/of/an/environment";

    /// <summary>The blocks that a reader keeps: few, so that they are also thrown away.</summary>
    private const int CacheBytes = 1 << 20;

    // A file may claim any size.
    private const int FileBytes = 256 << 10;

    /// <summary>Footer, digest tree, manifest, relocations, hot set and file system, as one file.</summary>
    public static void Image(ReadOnlyMemory<byte> input)
    {
        _ = ImageIdentity.Read(new MemorySource(input), Where);
        using EnvironmentImage image = EnvironmentImage.Open(new MemorySource(input), Where, cacheBytes: CacheBytes);
        _ = image.ReadHotSet();
        Walk(image.Tree);
        Walk(image.TreeAt(OtherPrefix));
    }

    /// <summary>A file system alone: nothing has vouched for its bytes.</summary>
    public static void Squashfs(ReadOnlyMemory<byte> input)
    {
        using var tree = new SquashfsTree(new MemorySource(input), CacheBytes, Where);
        Walk(tree);
    }

    public static void ManifestJson(ReadOnlyMemory<byte> input)
    {
        ImageManifest manifest = ImageManifest.Parse(input, Where);
        manifest.CheckPlatform(Platform.Linux64);
    }

    public static void HotSetBytes(ReadOnlyMemory<byte> input) =>
        HotSet.Parse(input.Span, new ImagePart(0, FileBytes), Where);

    public static void RecordJson(ReadOnlyMemory<byte> input) => UsageRecord.Parse(input, Where);

    public static void Relocations(ReadOnlyMemory<byte> input)
    {
        RelocationTable table = RelocationTable.Parse(input, Where);
        for (int i = 0; i < table.Count; i++)
        {
            RelocationEntry entry = table[i];
            for (int number = 0; number < entry.Numbers; number++)
            {
                _ = table.Number(entry, number);
            }
            _ = table.FirstLine(entry);
            _ = table.TryFind(entry.Inode, out _);
        }
    }

    private static void Walk(IImageTree tree)
    {
        var buffer = new byte[64 << 10];
        foreach (ImagePath entry in ImageWalk.All(tree))
        {
            InodeAttributes attributes = tree.Attributes(entry.Inode);
            if (entry.Kind == InodeKind.SymbolicLink)
            {
                _ = tree.ReadLink(entry.Inode);
            }
            else if (entry.Kind == InodeKind.File)
            {
                ReadEnds(tree, entry.Inode, attributes.Size, buffer);
            }
        }
    }

    private static void ReadEnds(IImageTree tree, InodeReference file, long size, byte[] buffer)
    {
        for (long offset = 0; offset < Math.Min(size, FileBytes); )
        {
            int count = tree.Read(file, offset, buffer);
            if (count == 0)
            {
                throw new InvalidOperationException("a file ends before its size");
            }
            offset += count;
        }
        _ = tree.Read(file, size - 1, buffer);
        if (tree.Read(file, size, buffer) != 0)
        {
            throw new InvalidOperationException("a file goes on behind its size");
        }
    }
}
