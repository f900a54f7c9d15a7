using System.Buffers.Binary;
using Packhorse.Codecs;
using Packhorse.Image;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Pack;

/// <summary>An image in a file: bare, or in a self-extracting one.</summary>
public sealed class ImageFile : IDisposable
{
    private readonly InputFile _file;

    private ImageFile(InputFile file, EnvironmentImage image, SelfExtractingHeader? header)
    {
        _file = file;
        Image = image;
        Header = header;
    }

    public EnvironmentImage Image { get; }

    /// <summary>The header of a self-extracting file; null for a bare image.</summary>
    public SelfExtractingHeader? Header { get; }

    /// <summary>The whole file.</summary>
    public IRandomAccess File => _file;

    /// <param name="path">Of anything.</param>
    /// <param name="expectedRoot">What the caller knows by another way that the image must be.</param>
    /// <returns>Null for what is no image, such as a pack; also where there is nothing.</returns>
    /// <exception cref="CorruptDataException">It is an image that is damaged, or another one than expected.</exception>
    /// <exception cref="IncompatibleException">Of another version.</exception>
    public static ImageFile? TryOpen(string path, Digest? expectedRoot = null)
    {
        if (FileTree.KindOf(path) != FileKind.File)
        {
            return null;
        }
        InputFile file = InputFile.Open(path);
        try
        {
            if (Read(file, expectedRoot) is { } image)
            {
                return image;
            }
            file.Dispose();
            return null;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Image.Dispose();
        _file.Dispose();
    }

    private static ImageFile? Read(InputFile file, Digest? expectedRoot)
    {
        Span<byte> beginning = stackalloc byte[SelfExtractingHeader.Magic.Length];
        bool isSelfExtracting = SelfExtractingHeader.IsOne(beginning[..file.Read(beginning, 0)]);
        SelfExtractingHeader? header = isSelfExtracting ? SelfExtractingHeader.Read(file, file.Path) : null;
        // By its begin too: one that lost its end is to be told so, and not that it is no pack.
        if (!HasFileSystem(file, header?.PayloadOffset ?? 0) && !EnvironmentImage.IsOne(file))
        {
            return null;
        }
        EnvironmentImage image = EnvironmentImage.Open(file, file.Path, expectedRoot);
        try
        {
            CheckHeader(header, image);
            return new ImageFile(file, image, header);
        }
        catch
        {
            image.Dispose();
            throw;
        }
    }

    private static bool HasFileSystem(InputFile file, long offset)
    {
        Span<byte> magic = stackalloc byte[sizeof(uint)];
        return file.Read(magic, offset) == magic.Length
            && BinaryPrimitives.ReadUInt32LittleEndian(magic) == SquashfsFormat.Magic;
    }

    private static void CheckHeader(SelfExtractingHeader? header, EnvironmentImage image)
    {
        ImagePart manifest = image.Footer.Manifest;
        if (header is null)
        {
            return;
        }
        var bytes = new byte[manifest.Length];
        image.Source.ReadExactly(bytes, manifest.Offset, image.Where);
        if (header.PayloadOffset != image.Footer.FileSystem.Offset || header.ManifestSha256 != Sha256.Hash(bytes))
        {
            throw new CorruptDataException(
                ErrorCodes.DigestMismatch,
                $"{image.Where}: the image is not the one that the header belongs to"
            )
            {
                Hint = "copy or download it again; a cache on its way may have mixed it with an older file",
            };
        }
    }
}
