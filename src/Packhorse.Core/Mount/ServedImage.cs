using Packhorse.Image;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Mount;

/// <summary>An image as it is served at one prefix.</summary>
internal sealed class ServedImage
{
    private readonly string _where;
    private readonly ImageFooter _footer;

    // The same for all that read it, so that each chunk is compared with its digest once.
    private readonly VerifiedSource _source;

    private ServedImage(InputFile file, ImageFooter footer, VerifiedSource source, IImageTree tree) =>
        (_where, _footer, _source, Tree) = (file.Path, footer, source, tree);

    public IImageTree Tree { get; }

    /// <summary>Stands for every byte of the file.</summary>
    public Digest Root => _footer.Root;

    /// <summary>Of the file system.</summary>
    public long Bytes => _footer.FileSystem.Length;

    /// <exception cref="CorruptDataException">The file is damaged, or no image.</exception>
    /// <exception cref="UsageException">The prefix is too long for one of its files.</exception>
    public static ServedImage Open(InputFile file, MountRequest request)
    {
        var footer = ImageFooter.Read(file, file.Path);
        if (request.Prefix != request.Baked)
        {
            EnvironmentImage image = EnvironmentImage.Open(file, file.Path);
            return new ServedImage(file, footer, image.Source, image.TreeAt(request.Prefix));
        }
        // Without the manifest, which takes longer to read than all the rest.
        var verified = new VerifiedSource(file, footer, file.Path);
        var system = new SourceSlice(verified, footer.FileSystem.Offset, footer.FileSystem.Length);
        var tree = new SquashfsTree(system, SquashfsTree.DefaultCacheBytes, file.Path);
        return new ServedImage(file, footer, verified, tree);
    }

    /// <summary>A program was recorded: what it needed is known.</summary>
    public bool HasHotSet => _footer.HotSet.Length > 0;

    /// <summary>Begins to read what the image says will be needed, in that order: from the disk, and through the digests.</summary>
    public void ReadAhead() => new Thread(ReadHotSet, 256 << 10) { IsBackground = true }.Start();

    private void ReadHotSet()
    {
        try
        {
            foreach (ImagePart block in EnvironmentImage.ReadHotSet(_source, _footer, _where).Blocks)
            {
                _source.Verify(block.Offset, block.Length);
            }
        }
        catch (PackhorseException)
        {
            // Whoever needs those bytes is told.
        }
    }
}
