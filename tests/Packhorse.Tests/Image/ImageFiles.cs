using Packhorse.Codecs;
using Packhorse.Image;
using Packhorse.Model;

namespace Packhorse.Tests.Image;

/// <summary>Files that hold images, put together by hand: what is in their parts is the tests' affair.</summary>
internal static class ImageFiles
{
    /// <summary>Parts in their order, the digest tree over them, and a footer.</summary>
    public static byte[] Make(
        byte[] fileSystem,
        byte[]? manifest = null,
        byte[]? relocations = null,
        byte[]? hotSet = null,
        int begin = 0
    )
    {
        var file = new MemoryStream();
        file.Write(new byte[begin]);
        ImagePart fileSystemPart = Append(file, fileSystem, SquashfsFormat.Alignment);
        Align(file, SquashfsFormat.Alignment);
        var footer = new ImageFooter
        {
            FileSystem = fileSystemPart with { Length = file.Length - fileSystemPart.Offset },
            Manifest = Append(file, manifest ?? "{}"u8.ToArray(), ImageFooter.PartAlignment),
            Relocations = Append(file, relocations ?? [], ImageFooter.PartAlignment),
            HotSet = Append(file, hotSet ?? [], ImageFooter.PartAlignment),
            DigestTree = default,
            Top = default,
            FileBytes = 0,
        };
        Align(file, ImageFooter.PartAlignment);
        long treeOffset = file.Length;
        Digest top = WriteTree(file);
        footer = footer with
        {
            DigestTree = new ImagePart(treeOffset, file.Length - treeOffset),
            Top = top,
            FileBytes = file.Length + ImageFooter.Bytes,
        };
        var bytes = new byte[ImageFooter.Bytes];
        footer.Write(bytes);
        file.Write(bytes);
        return file.ToArray();
    }

    public static ImageFooter FooterOf(ReadOnlySpan<byte> file) =>
        ImageFooter.Parse(file[^ImageFooter.Bytes..], file.Length, "image");

    private static ImagePart Append(MemoryStream file, byte[] part, int alignment)
    {
        Align(file, alignment);
        long offset = file.Length;
        file.Write(part);
        return new ImagePart(offset, part.Length);
    }

    private static void Align(MemoryStream file, int alignment) =>
        file.Write(new byte[(alignment - (int)(file.Length % alignment)) % alignment]);

    private static Digest WriteTree(MemoryStream file)
    {
        byte[] level = Digests(file.ToArray());
        while (level.Length > Digest.Size)
        {
            file.Write(level);
            level = Digests(level);
        }
        return new Digest(level);
    }

    private static byte[] Digests(byte[] bytes)
    {
        var digests = new List<byte>();
        foreach (byte[] chunk in bytes.Chunk(DigestTreeShape.ChunkBytes))
        {
            var digest = new byte[Digest.Size];
            Sha256.Hash(chunk).CopyTo(digest);
            digests.AddRange(digest);
        }
        return [.. digests];
    }
}
