using System.Buffers.Binary;
using Packhorse.Codecs;
using Packhorse.Model;

namespace Packhorse.Image;

/// <summary>A part of an image's file.</summary>
/// <param name="Offset">From the begin of the file.</param>
public readonly record struct ImagePart(long Offset, long Length)
{
    public long End => Offset + Length;
}

/// <summary>The last 4096 bytes of a file that holds an image (<c>docs/FORMAT.md</c>, "Footer").</summary>
public sealed record ImageFooter
{
    public const int FormatVersion = 1;
    public const int Bytes = 4096;

    /// <summary>What parts other than the file system begin at a multiple of.</summary>
    public const int PartAlignment = 8;

    private const int RootOffset = 4048;
    private const int TopOffset = 104;
    private const int EndMarkOffset = RootOffset + Digest.Size;

    public static ReadOnlySpan<byte> Magic => "phimage1"u8;

    /// <summary>The last bytes, of self-extracting files too: by them it is seen that all of a file has arrived.</summary>
    public static ReadOnlySpan<byte> EndMark => "packhorse-end-1\n"u8;

    /// <summary>Bytes of the whole file, the footer included.</summary>
    public required long FileBytes { get; init; }

    public required ImagePart FileSystem { get; init; }

    public required ImagePart Manifest { get; init; }

    public required ImagePart Relocations { get; init; }

    public required ImagePart HotSet { get; init; }

    public required ImagePart DigestTree { get; init; }

    /// <summary>The last digest of the digest tree.</summary>
    public required Digest Top { get; init; }

    /// <summary>SHA-256 of the footer itself: stands for every byte of the file. Known after <see cref="Parse"/>.</summary>
    public Digest Root { get; init; }

    /// <summary>True for the last bytes of a file that holds an image, whatever its version.</summary>
    /// <param name="footer">The last <see cref="Bytes"/> bytes of a file.</param>
    public static bool IsOne(ReadOnlySpan<byte> footer) =>
        footer.Length == Bytes && footer.StartsWith(Magic) && footer.EndsWith(EndMark);

    /// <summary>Reads it from the end of a file.</summary>
    /// <inheritdoc cref="Parse"/>
    public static ImageFooter Read(IRandomAccess file, string where)
    {
        var bytes = new byte[(int)Math.Min(Bytes, file.Length)];
        file.ReadExactly(bytes, file.Length - bytes.Length, where);
        return Parse(bytes, file.Length, where);
    }

    /// <param name="footer">The last <see cref="Bytes"/> bytes of the file.</param>
    /// <param name="fileBytes">Bytes that the file has.</param>
    /// <param name="where">The file, for messages.</param>
    /// <exception cref="CorruptDataException">It is none, is damaged, or belongs to another file.</exception>
    /// <exception cref="IncompatibleException">Of another version.</exception>
    public static ImageFooter Parse(ReadOnlySpan<byte> footer, long fileBytes, string where)
    {
        if (footer.Length != Bytes || !footer.EndsWith(EndMark))
        {
            throw Damaged(ErrorCodes.Truncated, where, "the end of an image is not there");
        }
        var root = new Digest(footer.Slice(RootOffset, Digest.Size));
        if (!footer.StartsWith(Magic) || Sha256.Hash(footer[..RootOffset]) != root)
        {
            throw Damaged(ErrorCodes.DigestMismatch, where, "its footer is not what was written");
        }
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(footer[8..]);
        if (version != FormatVersion)
        {
            throw new IncompatibleException(
                ErrorCodes.NewerFormat,
                $"{where} is an image of version {version}, known is {FormatVersion}"
            )
            {
                Hint = "use a newer packhorse",
            };
        }
        var parsed = new ImageFooter
        {
            FileBytes = BinaryPrimitives.ReadInt64LittleEndian(footer[16..]),
            FileSystem = ReadPart(footer[24..]),
            Manifest = ReadPart(footer[40..]),
            Relocations = ReadPart(footer[56..]),
            HotSet = ReadPart(footer[72..]),
            DigestTree = ReadPart(footer[88..]),
            Top = new Digest(footer.Slice(TopOffset, Digest.Size)),
            Root = root,
        };
        if (parsed.FileBytes != fileBytes)
        {
            throw Damaged(
                ErrorCodes.SizeMismatch,
                where,
                $"it has {fileBytes:N0} bytes, its footer says {parsed.FileBytes:N0}"
            );
        }
        if (fileBytes > Limits.ImageBytes)
        {
            throw new CorruptDataException(
                ErrorCodes.LimitExceeded,
                $"{where} has {fileBytes:N0} bytes, more than the {Limits.ImageBytes:N0} of an image"
            );
        }
        if (BinaryPrimitives.ReadUInt32LittleEndian(footer[12..]) != Bytes || !parsed.MakesSense())
        {
            throw Damaged(ErrorCodes.BadImage, where, "its footer contradicts itself");
        }
        return parsed;
    }

    /// <param name="footer">Gets all <see cref="Bytes"/> bytes.</param>
    /// <returns>The root.</returns>
    public Digest Write(Span<byte> footer)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(footer.Length, Bytes);
        footer.Clear();
        Magic.CopyTo(footer);
        BinaryPrimitives.WriteUInt32LittleEndian(footer[8..], FormatVersion);
        BinaryPrimitives.WriteUInt32LittleEndian(footer[12..], Bytes);
        BinaryPrimitives.WriteInt64LittleEndian(footer[16..], FileBytes);
        WritePart(footer[24..], FileSystem);
        WritePart(footer[40..], Manifest);
        WritePart(footer[56..], Relocations);
        WritePart(footer[72..], HotSet);
        WritePart(footer[88..], DigestTree);
        Top.CopyTo(footer[TopOffset..]);
        Digest root = Sha256.Hash(footer[..RootOffset]);
        root.CopyTo(footer[RootOffset..]);
        EndMark.CopyTo(footer[EndMarkOffset..]);
        return root;
    }

    private bool MakesSense()
    {
        long before = 0;
        foreach (ImagePart part in (ReadOnlySpan<ImagePart>)[FileSystem, Manifest, Relocations, HotSet, DigestTree])
        {
            // Subtracting: sums of such numbers may overflow.
            if (part.Offset < before || part.Length < 0 || part.Length > FileBytes - Bytes - part.Offset)
            {
                return false;
            }
            if (part.Offset % PartAlignment != 0)
            {
                return false;
            }
            before = part.End;
        }
        return FileSystem.Offset % SquashfsFormat.Alignment == 0
            && FileSystem.Length % SquashfsFormat.Alignment == 0
            && FileSystem.Length > 0
            // Nothing is between what the tree vouches for, the tree, and what vouches for it.
            && DigestTree.End == FileBytes - Bytes
            && DigestTree.Length == DigestTreeShape.Of(DigestTree.Offset).Bytes;
    }

    private static ImagePart ReadPart(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadInt64LittleEndian(bytes), BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]));

    private static void WritePart(Span<byte> bytes, ImagePart part)
    {
        BinaryPrimitives.WriteInt64LittleEndian(bytes, part.Offset);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[8..], part.Length);
    }

    private static CorruptDataException Damaged(string code, string where, string how) =>
        new(code, $"{where} is no whole image: {how}") { Hint = "copy or download it again" };
}
