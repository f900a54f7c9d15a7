using System.Globalization;
using System.Text;

namespace Packhorse.TestChannel;

public enum TarFormat
{
    /// <summary>POSIX headers; a pax header before each member for its fractional mtime and for names that do not fit.</summary>
    UstarPax,

    /// <summary>GNU headers (<c>ustar  </c>), an <c>L</c> or <c>K</c> member before each name or link that does not fit.</summary>
    Gnu,
}

/// <summary>One member as it is to stand in the tar: nothing is checked, so that hostile tars can be made.</summary>
/// <param name="Name">Written as it is: <c>../x</c> and <c>/x</c> too.</param>
/// <param name="Type">The type flag: <c>0</c> file, <c>1</c> hard link, <c>2</c> symbolic link, <c>5</c> directory, ….</param>
public sealed record TarMember(string Name, char Type = TarMember.RegularFile)
{
    public const char RegularFile = '0';
    public const char HardLink = '1';
    public const char SymbolicLink = '2';
    public const char CharacterDevice = '3';
    public const char Directory = '5';
    public const char Fifo = '6';

    public FileContent Content { get; init; } = FileContent.Empty;

    /// <summary>Of links: the text of a symbolic link, the member's name of a hard one.</summary>
    public string LinkName { get; init; } = "";

    public int Mode { get; init; } = Modes.Regular;

    /// <summary>What the header says of the size when that is not the content's.</summary>
    public long? DeclaredSize { get; init; }

    public int UserId { get; init; }

    public int GroupId { get; init; }
}

/// <summary>
/// A tar of given members (POSIX.1-1988 ustar with POSIX.1-2001 pax headers, or GNU): the same members give the same bytes, and
/// the length is known before writing.
/// </summary>
public sealed class TarArchive
{
    private const int BlockSize = 512;
    private const int RecordSize = 20 * BlockSize;

    private readonly List<(byte[] Headers, FileContent Content)> _members = [];

    /// <param name="modified">Seconds since 1970 of all members; pax headers carry the fraction.</param>
    public TarArchive(IEnumerable<TarMember> members, TarFormat format = TarFormat.UstarPax, decimal modified = 0)
    {
        long length = 0;
        foreach (TarMember member in members)
        {
            byte[] headers = format == TarFormat.Gnu ? GnuHeaders(member, modified) : PaxHeaders(member, modified);
            _members.Add((headers, member.Content));
            length += headers.Length + RoundUp(member.Content.Length, BlockSize);
        }
        Length = RoundUp(length + (2 * BlockSize), RecordSize);
    }

    /// <summary>Bytes, with the padding to a whole record.</summary>
    public long Length { get; }

    public void WriteTo(Stream destination)
    {
        byte[] zeros = new byte[RecordSize];
        long written = 0;
        foreach ((byte[] headers, FileContent content) in _members)
        {
            destination.Write(headers);
            content.CopyTo(destination);
            long padded = RoundUp(content.Length, BlockSize);
            destination.Write(zeros.AsSpan(0, (int)(padded - content.Length)));
            written += headers.Length + padded;
        }
        for (long left = Length - written; left > 0; )
        {
            int count = (int)Math.Min(left, RecordSize);
            destination.Write(zeros.AsSpan(0, count));
            left -= count;
        }
    }

    public byte[] ToArray()
    {
        using MemoryStream bytes = new(checked((int)Length));
        WriteTo(bytes);
        return bytes.ToArray();
    }

    private static byte[] PaxHeaders(TarMember member, decimal modified)
    {
        using MemoryStream records = new();
        if (!FitsInUstar(member.Name))
        {
            records.Write(PaxRecord("path", member.Name));
        }
        if (!FitsInUstar(member.LinkName))
        {
            records.Write(PaxRecord("linkpath", member.LinkName));
        }
        // As Python's tarfile, which wrote most conda packages: a mtime that is a float always has its record.
        string mtime = modified.ToString(CultureInfo.InvariantCulture);
        records.Write(PaxRecord("mtime", mtime.Contains('.', StringComparison.Ordinal) ? mtime : mtime + ".0"));
        TarMember extension = new("././@PaxHeader", 'x') { Content = records.ToArray(), Mode = 0 };
        return
        [
            .. WithContent(Header(extension, "ustar\u000000", 0), records.ToArray()),
            .. Header(member, "ustar\u000000", modified),
        ];
    }

    private static byte[] GnuHeaders(TarMember member, decimal modified)
    {
        using MemoryStream headers = new();
        foreach ((string name, char type) in new[] { (member.LinkName, 'K'), (member.Name, 'L') })
        {
            byte[] bytes = Encoding.UTF8.GetBytes(name + '\0');
            if (bytes.Length > 101)
            {
                TarMember extension = new("././@LongLink", type) { Content = bytes, Mode = 0 };
                headers.Write(WithContent(Header(extension, "ustar  \0", 0), bytes));
            }
        }
        headers.Write(Header(member, "ustar  \0", modified));
        return headers.ToArray();
    }

    private static bool FitsInUstar(string name) => name.Length <= 100 && Ascii.IsValid(name);

    private static byte[] WithContent(byte[] header, byte[] content)
    {
        byte[] whole = new byte[BlockSize + RoundUp(content.Length, BlockSize)];
        header.CopyTo(whole, 0);
        content.CopyTo(whole, BlockSize);
        return whole;
    }

    // "LENGTH key=value\n", where LENGTH counts its own digits (POSIX.1-2001, pax).
    private static byte[] PaxRecord(string key, string value)
    {
        byte[] rest = Encoding.UTF8.GetBytes($" {key}={value}\n");
        int length = rest.Length;
        while (length != rest.Length + Digits(length))
        {
            length = rest.Length + Digits(length);
        }
        return [.. Encoding.ASCII.GetBytes(length.ToString(CultureInfo.InvariantCulture)), .. rest];

        static int Digits(int number) => number.ToString(CultureInfo.InvariantCulture).Length;
    }

    private static byte[] Header(TarMember member, string magic, decimal modified)
    {
        byte[] header = new byte[BlockSize];
        Text(0, 100, member.Name);
        Octal(100, 8, member.Mode);
        Octal(108, 8, member.UserId);
        Octal(116, 8, member.GroupId);
        Octal(124, 12, member.DeclaredSize ?? member.Content.Length);
        Octal(136, 12, (long)modified);
        header.AsSpan(148, 8).Fill((byte)' ');
        header[156] = (byte)member.Type;
        Text(157, 100, member.LinkName);
        Text(257, 8, magic);
        int sum = 0;
        foreach (byte value in header)
        {
            sum += value;
        }
        Octal(148, 7, sum);
        return header;

        void Text(int offset, int size, string text)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            bytes.AsSpan(0, Math.Min(size, bytes.Length)).CopyTo(header.AsSpan(offset));
        }

        void Octal(int offset, int size, long number)
        {
            string digits = Convert.ToString(number, 8).PadLeft(size - 1, '0');
            if (digits.Length < size)
            {
                Encoding.ASCII.GetBytes(digits).CopyTo(header, offset);
                header[offset + size - 1] = 0;
                return;
            }
            // Too large for the digits: base 256, as GNU and Python write it.
            header.AsSpan(offset, size).Clear();
            System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(header.AsSpan(offset + size - 8), number);
            header[offset] = 0x80;
        }
    }

    private static long RoundUp(long length, int unit) => (length + unit - 1) / unit * unit;
}
