using Packhorse.Image;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Mount;

/// <summary>An image as it is served at one prefix.</summary>
internal sealed class ServedImage
{
    private ServedImage(IImageTree tree, Digest root, long bytes) => (Tree, Root, Bytes) = (tree, root, bytes);

    public IImageTree Tree { get; }

    /// <summary>Stands for every byte of the file.</summary>
    public Digest Root { get; }

    /// <summary>Of the file system.</summary>
    public long Bytes { get; }

    /// <exception cref="CorruptDataException">The file is damaged, or no image.</exception>
    /// <exception cref="UsageException">The prefix is too long for one of its files.</exception>
    public static ServedImage Open(InputFile file, MountRequest request)
    {
        byte[] bytes = new byte[ImageFooter.Bytes];
        file.ReadExactly(bytes, Math.Max(0, file.Length - bytes.Length), file.Path);
        ImageFooter footer = ImageFooter.Parse(bytes, file.Length, file.Path);
        if (request.Prefix != request.Baked)
        {
            IImageTree relocated = EnvironmentImage.Open(file, file.Path).TreeAt(request.Prefix);
            return new ServedImage(relocated, footer.Root, footer.FileSystem.Length);
        }
        // Without the manifest, which takes longer to read than all the rest.
        var verified = new VerifiedSource(file, footer, file.Path);
        var system = new SourceSlice(verified, footer.FileSystem.Offset, footer.FileSystem.Length);
        var tree = new SquashfsTree(system, SquashfsTree.DefaultCacheBytes, file.Path);
        return new ServedImage(tree, footer.Root, footer.FileSystem.Length);
    }
}
