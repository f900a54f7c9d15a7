using System.Text;

namespace Packhorse.Codecs;

/// <summary>
/// Tar headers in the form that pixi-pack's tar writer gives them: GNU magic, owner 0, one fixed time, numbers as zero-padded octal
/// filling their fields, long names as <c>././@LongLink</c>. <c>docs/FORMAT.md</c> has the bytes.
/// </summary>
public static class TarHeader
{
    /// <summary>24 July 2006, 01:21:28 UTC: the time that the Rust crate <c>tar</c> gives members in its deterministic mode.</summary>
    public const long Modified = 1153704088;

    /// <summary>What ends a tar: two blocks of zeros.</summary>
    public const int EndBytes = 2 * TarReader.BlockBytes;

    private const int NameBytes = 100;
    private const long LargestOctalSize = (1L << 33) - 1;

    /// <summary>Bytes that the header or headers of a member take.</summary>
    public static int Length(string name)
    {
        int bytes = Encoding.UTF8.GetByteCount(name);
        return bytes <= NameBytes ? TarReader.BlockBytes : (2 * TarReader.BlockBytes) + Padded(bytes + 1);
    }

    /// <summary>Bytes that content takes with its padding.</summary>
    public static long PaddedLength(long size) =>
        checked((size + TarReader.BlockBytes - 1) & ~(long)(TarReader.BlockBytes - 1));

    /// <summary>The header of a directory; <paramref name="name"/> has no slash at its end.</summary>
    public static byte[] ForDirectory(string name) => Build(name, '5', 0, 0x1ED);

    /// <summary>The header of a file that its owner may (0755) or may not (0644) execute.</summary>
    public static byte[] ForFile(string name, long size, bool executable = false) =>
        Build(name, '0', size, executable ? 0x1ED : 0x1A4);

    private static byte[] Build(string name, char type, long size, int mode)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(name);
        var bytes = new byte[Length(name)];
        Span<byte> rest = bytes;
        if (utf8.Length > NameBytes)
        {
            Fill(rest, "././@LongLink"u8, 'L', utf8.Length + 1, 0x1A4, 0, devices: false);
            utf8.CopyTo(rest[TarReader.BlockBytes..]);
            rest = rest[(TarReader.BlockBytes + Padded(utf8.Length + 1))..];
        }
        Fill(rest, utf8.AsSpan(0, Math.Min(utf8.Length, NameBytes)), type, size, mode, Modified, devices: true);
        return bytes;
    }

    private static void Fill(
        Span<byte> header,
        ReadOnlySpan<byte> name,
        char type,
        long size,
        int mode,
        long modified,
        bool devices
    )
    {
        name.CopyTo(header);
        Octal(header.Slice(100, 8), mode);
        Octal(header.Slice(108, 8), 0);
        Octal(header.Slice(116, 8), 0);
        if (size <= LargestOctalSize)
        {
            Octal(header.Slice(124, 12), size);
        }
        else
        {
            header[124] = 0x80;
            System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(header.Slice(128, 8), size);
        }
        Octal(header.Slice(136, 12), modified);
        header[156] = (byte)type;
        "ustar  \0"u8.CopyTo(header[257..]);
        if (devices)
        {
            Octal(header.Slice(329, 8), 0);
            Octal(header.Slice(337, 8), 0);
        }
        Span<byte> checksum = header.Slice(148, 8);
        checksum.Fill((byte)' ');
        int sum = 0;
        foreach (byte value in header[..TarReader.BlockBytes])
        {
            sum += value;
        }
        Octal(checksum, sum);
    }

    // Zero-padded digits and one NUL fill the field.
    private static void Octal(Span<byte> field, long value)
    {
        for (int i = field.Length - 2; i >= 0; i--)
        {
            field[i] = (byte)('0' + (value & 7));
            value >>= 3;
        }
        field[^1] = 0;
    }

    private static int Padded(int length) => (int)PaddedLength(length);
}
