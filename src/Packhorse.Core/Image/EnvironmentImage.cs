using Packhorse.Install;
using Packhorse.Model;

namespace Packhorse.Image;

/// <summary>
/// A file that holds an image: bare, or the payload of a self-extracting file. Everything is read through the digest tree; what is opened
/// here and not read yet is compared when it is. Thread-safe.
/// </summary>
public sealed class EnvironmentImage : IDisposable
{
    private readonly VerifiedSource _source;
    private readonly int _cacheBytes;
    private SquashfsTree? _tree;
    private RelocationTable? _relocations;

    private EnvironmentImage(IRandomAccess file, ImageFooter footer, int cacheBytes, string where)
    {
        Where = where;
        Footer = footer;
        _cacheBytes = cacheBytes;
        _source = new VerifiedSource(file, footer, where);
        Manifest = ImageManifest.Parse(
            ReadPart(_source, (footer.Manifest, "manifest", Limits.JsonBytes), where),
            where
        );
    }

    /// <summary>The file, for messages.</summary>
    public string Where { get; }

    public ImageFooter Footer { get; }

    public ImageManifest Manifest { get; }

    /// <summary>The file's bytes before the digest tree, each chunk compared with it on first use.</summary>
    public VerifiedSource Source => _source;

    /// <summary>The environment as it is for the baked prefix; opened on first use.</summary>
    /// <exception cref="CorruptDataException">The file system is damaged.</exception>
    public SquashfsTree Tree => LazyInitializer.EnsureInitialized(ref _tree, OpenTree);

    /// <summary>True for a file that ends with the footer of an image, whatever its version.</summary>
    public static bool IsOne(IRandomAccess file)
    {
        if (file.Length < ImageFooter.Bytes)
        {
            return false;
        }
        var footer = new byte[ImageFooter.Bytes];
        return file.Read(footer, file.Length - footer.Length) == footer.Length && ImageFooter.IsOne(footer);
    }

    /// <param name="file">The whole file; not owned, and to be kept open as long as this is used.</param>
    /// <param name="where">The file, for messages.</param>
    /// <param name="expectedRoot">What the caller knows by another way that the image must be.</param>
    /// <param name="cacheBytes">Bytes of decoded blocks that are kept.</param>
    /// <exception cref="CorruptDataException">No image, a damaged one, or another one than expected.</exception>
    /// <exception cref="IncompatibleException">Of another version.</exception>
    public static EnvironmentImage Open(
        IRandomAccess file,
        string where,
        Digest? expectedRoot = null,
        int cacheBytes = SquashfsTree.DefaultCacheBytes
    )
    {
        var footer = ImageFooter.Read(file, where);
        if (expectedRoot is { } expected && footer.Root != expected)
        {
            throw new CorruptDataException(
                ErrorCodes.DigestMismatch,
                $"{where} is another image than the one that was asked for: its root is {footer.Root}, expected {expected}"
            )
            {
                Hint = "a cache may have given out an older file of that name: copy or download it again",
            };
        }
        return new EnvironmentImage(file, footer, cacheBytes, where);
    }

    /// <summary>
    /// The environment as it is when it is installed at a prefix: the tree itself at the baked one, else a tree over it.
    /// </summary>
    /// <exception cref="UsageException">The prefix is too long for one of the files, which is named.</exception>
    /// <exception cref="CorruptDataException">The relocations are damaged.</exception>
    public IImageTree TreeAt(string prefix) =>
        prefix == Manifest.Prefix
            ? Tree
            : new RelocatedTree(Tree, ReadRelocations(), new InstallTarget(prefix, Manifest.Platform), Where);

    /// <summary>Reads the relocations, for the prefix that the manifest names.</summary>
    /// <exception cref="CorruptDataException">They are damaged.</exception>
    public RelocationTable ReadRelocations() => LazyInitializer.EnsureInitialized(ref _relocations, ParseRelocations);

    private RelocationTable ParseRelocations()
    {
        var table = RelocationTable.Parse(
            ReadPart(_source, (Footer.Relocations, "relocation table", Limits.RelocationBytes), Where),
            Where
        );
        return table.BakedPrefix.SequenceEqual(System.Text.Encoding.UTF8.GetBytes(Manifest.Prefix))
            ? table
            : throw new CorruptDataException(
                ErrorCodes.BadImage,
                $"{Where} contradicts itself: its manifest and its relocations are for different prefixes"
            );
    }

    /// <summary>What was needed when the environment was recorded; may be nothing.</summary>
    /// <exception cref="CorruptDataException">It is damaged.</exception>
    public HotSet ReadHotSet() => ReadHotSet(_source, Footer, Where);

    /// <summary>The same of an image of which nothing else is to be read.</summary>
    /// <exception cref="CorruptDataException">It is damaged.</exception>
    public static HotSet ReadHotSet(VerifiedSource source, ImageFooter footer, string where) =>
        footer.HotSet.Length == 0
            ? HotSet.Empty
            : HotSet.Parse(
                ReadPart(source, (footer.HotSet, "hot set", Limits.HotSetBytes), where),
                footer.FileSystem,
                where
            );

    public void Dispose() => _tree?.Dispose();

    private SquashfsTree OpenTree() =>
        new(new SourceSlice(_source, Footer.FileSystem.Offset, Footer.FileSystem.Length), _cacheBytes, Where);

    private static byte[] ReadPart(VerifiedSource source, (ImagePart Where, string Name, int Limit) part, string where)
    {
        if (part.Where.Length > part.Limit)
        {
            throw new CorruptDataException(
                ErrorCodes.LimitExceeded,
                $"{where} has a {part.Name} of {part.Where.Length:N0} bytes, more than {part.Limit:N0}"
            );
        }
        var bytes = new byte[part.Where.Length];
        source.ReadExactly(bytes, part.Where.Offset, where);
        return bytes;
    }
}
