using System.Buffers.Binary;
using System.Text;
using Packhorse.Model;

namespace Packhorse.Image;

/// <summary>What a recorded program needed of an image (<c>docs/FORMAT.md</c>, "Hot set").</summary>
/// <param name="Blocks">Stored blocks, as ranges of the image's file inside the file system, in the order to read them ahead.</param>
/// <param name="Files">Ranges of files' contents, in the order of their first use.</param>
public sealed record HotSet(IReadOnlyList<ImagePart> Blocks, IReadOnlyList<UsedRange> Files)
{
    private const int RangeBytes = 2 * sizeof(long);

    public static HotSet Empty { get; } = new([], []);

    private static UTF8Encoding Strict { get; } = new(false, throwOnInvalidBytes: true);

    private static ReadOnlySpan<byte> Magic => "phhot002"u8;

    /// <param name="fileSystem">Where blocks can be.</param>
    /// <param name="where">The file, for messages.</param>
    /// <exception cref="CorruptDataException">The bytes are no hot set of this file system.</exception>
    public static HotSet Parse(ReadOnlySpan<byte> bytes, ImagePart fileSystem, string where)
    {
        if (bytes.Length < Magic.Length + sizeof(long) || !bytes.StartsWith(Magic))
        {
            throw Malformed(where);
        }
        bytes = bytes[Magic.Length..];
        long count = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        bytes = bytes[sizeof(long)..];
        if (count < 0 || count > bytes.Length / RangeBytes)
        {
            throw Malformed(where);
        }
        var blocks = new ImagePart[count];
        foreach (ref ImagePart block in blocks.AsSpan())
        {
            (long offset, long length) = ReadRange(bytes);
            if (length < 0 || offset < fileSystem.Offset || offset > fileSystem.End - length)
            {
                throw Malformed(where);
            }
            block = new ImagePart(offset, length);
            bytes = bytes[RangeBytes..];
        }
        return new HotSet(blocks, ParseFiles(bytes, where));
    }

    public byte[] Write()
    {
        var bytes = new MemoryStream();
        Span<byte> range = stackalloc byte[RangeBytes];
        bytes.Write(Magic);
        BinaryPrimitives.WriteInt64LittleEndian(range, Blocks.Count);
        bytes.Write(range[..sizeof(long)]);
        foreach (ImagePart block in Blocks)
        {
            WriteRange(bytes, range, block.Offset, block.Length);
        }
        string last = "";
        foreach (UsedRange file in Files)
        {
            byte[] path = file.Path == last ? [] : Strict.GetBytes(file.Path);
            BinaryPrimitives.WriteUInt16LittleEndian(range, checked((ushort)path.Length));
            bytes.Write(range[..sizeof(ushort)]);
            bytes.Write(path);
            WriteRange(bytes, range, file.Offset, file.Length);
            last = file.Path;
        }
        return bytes.ToArray();
    }

    private static List<UsedRange> ParseFiles(ReadOnlySpan<byte> bytes, string where)
    {
        var files = new List<UsedRange>();
        while (bytes.Length > 0)
        {
            int length = bytes.Length < sizeof(ushort) ? 0 : BinaryPrimitives.ReadUInt16LittleEndian(bytes);
            if (bytes.Length < sizeof(ushort) + length + RangeBytes)
            {
                throw Malformed(where);
            }
            string? path = length > 0 ? ParsePath(bytes.Slice(sizeof(ushort), length)) : files.LastOrDefault().Path;
            bytes = bytes[(sizeof(ushort) + length)..];
            (long offset, long size) = ReadRange(bytes);
            bytes = bytes[RangeBytes..];
            if (path is null || offset is < 0 or > Limits.FileBytes || size is < 0 or > Limits.FileBytes)
            {
                throw Malformed(where);
            }
            files.Add(new UsedRange(path, offset, size));
        }
        return files;
    }

    private static string? ParsePath(ReadOnlySpan<byte> utf8)
    {
        try
        {
            string path = Strict.GetString(utf8);
            return utf8.Length <= Limits.PathBytes && EntryPath.IsSafe(path) ? path : null;
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static (long First, long Second) ReadRange(ReadOnlySpan<byte> bytes) =>
        (BinaryPrimitives.ReadInt64LittleEndian(bytes), BinaryPrimitives.ReadInt64LittleEndian(bytes[sizeof(long)..]));

    private static void WriteRange(MemoryStream bytes, Span<byte> range, long first, long second)
    {
        BinaryPrimitives.WriteInt64LittleEndian(range, first);
        BinaryPrimitives.WriteInt64LittleEndian(range[sizeof(long)..], second);
        bytes.Write(range);
    }

    private static CorruptDataException Malformed(string where) =>
        new(ErrorCodes.BadImage, $"{where} has a malformed hot set");
}
