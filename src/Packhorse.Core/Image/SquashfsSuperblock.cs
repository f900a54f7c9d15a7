using System.Buffers.Binary;
using Packhorse.Model;

namespace Packhorse.Image;

/// <summary>The first 96 bytes of a SquashFS file system. Offsets count from there.</summary>
public sealed record SquashfsSuperblock
{
    public required uint InodeCount { get; init; }

    /// <summary>Seconds since 1970.</summary>
    public required uint Modified { get; init; }

    /// <summary>Bytes of a data block: a power of two.</summary>
    public int BlockBytes { get; init; } = SquashfsFormat.BlockBytes;

    public required uint FragmentCount { get; init; }

    public SquashfsFlags Flags { get; init; }

    public required ushort IdCount { get; init; }

    public required InodeReference Root { get; init; }

    /// <summary>Bytes of the file system without the zeros after it.</summary>
    public required long BytesUsed { get; init; }

    public required long IdTable { get; init; }

    public required long InodeTable { get; init; }

    public required long DirectoryTable { get; init; }

    /// <summary>Null when there are no fragments.</summary>
    public required long? FragmentTable { get; init; }

    /// <param name="bytes">The first <see cref="SquashfsFormat.SuperblockBytes"/> bytes.</param>
    /// <param name="length">Bytes that there are for the file system.</param>
    /// <param name="where">The file, for messages.</param>
    /// <exception cref="CorruptDataException">No SquashFS, or numbers that contradict each other.</exception>
    /// <exception cref="IncompatibleException">Of another version, or with another compressor than zstd.</exception>
    public static SquashfsSuperblock Parse(ReadOnlySpan<byte> bytes, long length, string where)
    {
        if (
            bytes.Length < SquashfsFormat.SuperblockBytes
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != SquashfsFormat.Magic
        )
        {
            throw new CorruptDataException(ErrorCodes.BadImage, $"{where} holds no SquashFS file system");
        }
        CheckSupported(bytes, where);
        uint fragments = Word(bytes, 16);
        var superblock = new SquashfsSuperblock
        {
            InodeCount = Word(bytes, 4),
            Modified = Word(bytes, 8),
            BlockBytes = (int)Word(bytes, 12),
            FragmentCount = fragments,
            Flags = (SquashfsFlags)Half(bytes, 24),
            IdCount = Half(bytes, 26),
            Root = new InodeReference(Long(bytes, 32)),
            BytesUsed = (long)Long(bytes, 40),
            IdTable = (long)Long(bytes, 48),
            InodeTable = (long)Long(bytes, 64),
            DirectoryTable = (long)Long(bytes, 72),
            FragmentTable = fragments == 0 ? null : (long)Long(bytes, 80),
        };
        superblock.Check(Half(bytes, 22), length, where);
        return superblock;
    }

    /// <param name="bytes">Gets the first <see cref="SquashfsFormat.SuperblockBytes"/> bytes.</param>
    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, SquashfsFormat.Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[4..], InodeCount);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[8..], Modified);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[12..], (uint)BlockBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[16..], FragmentCount);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[20..], (ushort)SquashfsCompressor.Zstd);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[22..], (ushort)int.Log2(BlockBytes));
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[24..], (ushort)Flags);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[26..], IdCount);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[28..], SquashfsFormat.MajorVersion);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[30..], SquashfsFormat.MinorVersion);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[32..], Root.Value);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[40..], BytesUsed);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[48..], IdTable);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[56..], SquashfsFormat.NoTable);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[64..], InodeTable);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[72..], DirectoryTable);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[80..], (ulong?)FragmentTable ?? SquashfsFormat.NoTable);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[88..], SquashfsFormat.NoTable);
    }

    private static void CheckSupported(ReadOnlySpan<byte> bytes, string where)
    {
        (int major, int minor) = (Half(bytes, 28), Half(bytes, 30));
        if (major != SquashfsFormat.MajorVersion || minor != SquashfsFormat.MinorVersion)
        {
            throw new IncompatibleException(
                ErrorCodes.NewerFormat,
                $"{where} holds SquashFS {major}.{minor}, known is {SquashfsFormat.MajorVersion}.{SquashfsFormat.MinorVersion}"
            );
        }
        var compressor = (SquashfsCompressor)Half(bytes, 20);
        if (compressor != SquashfsCompressor.Zstd)
        {
            throw new IncompatibleException(
                ErrorCodes.UnsupportedHere,
                $"{where} holds a SquashFS file system that is compressed with {compressor}, only Zstd is read here"
            );
        }
    }

    private void Check(int blockLog, long length, string where)
    {
        bool blocksMakeSense =
            BlockBytes is >= SquashfsFormat.SmallestBlockBytes and <= SquashfsFormat.LargestBlockBytes
            && BlockBytes == 1L << Math.Min(blockLog, 31);
        bool tablesMakeSense =
            BytesUsed >= SquashfsFormat.SuperblockBytes
            && BytesUsed <= length
            && InodeTable >= SquashfsFormat.SuperblockBytes
            && DirectoryTable >= InodeTable
            && DirectoryTable <= BytesUsed
            && FragmentTable is not < 0
            && (FragmentTable ?? DirectoryTable) >= DirectoryTable
            && (FragmentTable ?? DirectoryTable) <= BytesUsed;
        bool rootMakesSense = Root.Block < DirectoryTable - InodeTable && Root.Offset < SquashfsFormat.MetadataBytes;
        if (!blocksMakeSense || !tablesMakeSense || !rootMakesSense)
        {
            throw new CorruptDataException(
                ErrorCodes.BadImage,
                $"{where} is damaged: the superblock of its file system contradicts itself"
            )
            {
                Hint = "copy or download it again",
            };
        }
    }

    private static ushort Half(ReadOnlySpan<byte> bytes, int at) =>
        BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint Word(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static ulong Long(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);
}
