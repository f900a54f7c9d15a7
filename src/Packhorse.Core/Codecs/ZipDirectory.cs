using System.Buffers.Binary;
using System.Text;
using Packhorse.Model;

namespace Packhorse.Codecs;

/// <summary>The members of a zip archive by its central directory (APPNOTE.TXT 4.3.12, zip64 4.3.14), for random access.</summary>
public sealed class ZipDirectory
{
    private const uint LocalSignature = 0x04034b50;
    private const uint CentralSignature = 0x02014b50;
    private const uint EndSignature = 0x06054b50;
    private const uint Zip64EndSignature = 0x06064b50;
    private const uint Zip64LocatorSignature = 0x07064b50;
    private const int EndBytes = 22;
    private const int Zip64LocatorBytes = 20;
    private const int Zip64EndBytes = 56;
    private const int CentralBytes = 46;
    private const int LocalBytes = 30;

    private readonly IRandomAccess _source;
    private readonly string _where;

    private ZipDirectory(IRandomAccess source, string where, IReadOnlyList<ZipMember> members)
    {
        _source = source;
        _where = where;
        Members = members;
    }

    /// <summary>In the order of the central directory.</summary>
    public IReadOnlyList<ZipMember> Members { get; }

    /// <exception cref="CorruptDataException">This is no zip archive, or it is damaged or beyond the limits.</exception>
    public static ZipDirectory Read(IRandomAccess source, string where)
    {
        (long offset, long size, long count) = FindDirectory(source, where);
        if (
            count > Limits.Members
            || size > count * (CentralBytes + (3L * ushort.MaxValue))
            || size < count * CentralBytes
        )
        {
            throw Bad(where, $"its directory claims {count:N0} members in {size:N0} bytes");
        }
        if (offset < 0 || size > Limits.TextBytes || offset > source.Length - size)
        {
            throw Bad(where, "its directory lies outside the file");
        }
        var bytes = new byte[size];
        source.ReadExactly(bytes, offset, where);
        var members = new List<ZipMember>((int)count);
        ReadOnlySpan<byte> rest = bytes;
        for (long i = 0; i < count; i++)
        {
            members.Add(ReadMember(ref rest, where));
        }
        return new ZipDirectory(source, where, members);
    }

    /// <summary>The content of a member; the stream does not own the source.</summary>
    /// <exception cref="CorruptDataException">The member's own header is damaged or its content lies outside the file.</exception>
    public Stream Open(ZipMember member)
    {
        long start = ContentOffset(member);
        return member.Decompress(new SourceSlice(_source, start, member.CompressedSize).AsStream(), _where);
    }

    /// <summary>Where in the archive the bytes of a member begin.</summary>
    /// <inheritdoc cref="Open" path="/exception"/>
    public long ContentOffset(ZipMember member)
    {
        Span<byte> header = stackalloc byte[LocalBytes];
        _source.ReadExactly(header, member.HeaderOffset, _where);
        if (BinaryPrimitives.ReadUInt32LittleEndian(header) != LocalSignature)
        {
            throw Bad(_where, $"{EntryPath.Quote(member.Name)} has no header where the directory says");
        }
        long start =
            member.HeaderOffset
            + LocalBytes
            + BinaryPrimitives.ReadUInt16LittleEndian(header[26..])
            + BinaryPrimitives.ReadUInt16LittleEndian(header[28..]);
        return member.CompressedSize <= _source.Length - start
            ? start
            : throw Bad(_where, $"{EntryPath.Quote(member.Name)} reaches beyond the end of the file");
    }

    private static (long Offset, long Size, long Count) FindDirectory(IRandomAccess source, string where)
    {
        // The end record is followed by a comment of at most 65,535 bytes.
        int tailLength = (int)Math.Min(source.Length, EndBytes + ushort.MaxValue + Zip64LocatorBytes);
        var tail = new byte[tailLength];
        source.ReadExactly(tail, source.Length - tailLength, where);
        for (int at = tailLength - EndBytes; at >= 0; at--)
        {
            ReadOnlySpan<byte> end = tail.AsSpan(at);
            if (
                BinaryPrimitives.ReadUInt32LittleEndian(end) != EndSignature
                || BinaryPrimitives.ReadUInt16LittleEndian(end[20..]) > end.Length - EndBytes
            )
            {
                continue;
            }
            long count = BinaryPrimitives.ReadUInt16LittleEndian(end[10..]);
            long size = BinaryPrimitives.ReadUInt32LittleEndian(end[12..]);
            long offset = BinaryPrimitives.ReadUInt32LittleEndian(end[16..]);
            bool zip64 = count == ushort.MaxValue || size == uint.MaxValue || offset == uint.MaxValue;
            if (
                zip64
                && at >= Zip64LocatorBytes
                && BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(at - Zip64LocatorBytes)) == Zip64LocatorSignature
            )
            {
                ulong record = BinaryPrimitives.ReadUInt64LittleEndian(tail.AsSpan(at - Zip64LocatorBytes + 8));
                return ReadZip64End(source, record, where);
            }
            return (offset, size, count);
        }
        throw Bad(where, "it has no zip directory: it is no .conda package or wheel, or its end is missing");
    }

    private static (long Offset, long Size, long Count) ReadZip64End(IRandomAccess source, ulong at, string where)
    {
        Span<byte> record = stackalloc byte[Zip64EndBytes];
        if (at > (ulong)Math.Max(0, source.Length - Zip64EndBytes))
        {
            throw Bad(where, "its zip64 directory lies outside the file");
        }
        source.ReadExactly(record, (long)at, where);
        ulong count = BinaryPrimitives.ReadUInt64LittleEndian(record[32..]);
        ulong size = BinaryPrimitives.ReadUInt64LittleEndian(record[40..]);
        ulong offset = BinaryPrimitives.ReadUInt64LittleEndian(record[48..]);
        bool plausible =
            BinaryPrimitives.ReadUInt32LittleEndian(record) == Zip64EndSignature
            && count <= long.MaxValue
            && size <= (ulong)source.Length
            && offset <= (ulong)source.Length;
        return plausible ? ((long)offset, (long)size, (long)count) : throw Bad(where, "a damaged zip64 directory");
    }

    private static ZipMember ReadMember(ref ReadOnlySpan<byte> rest, string where)
    {
        if (rest.Length < CentralBytes || BinaryPrimitives.ReadUInt32LittleEndian(rest) != CentralSignature)
        {
            throw Bad(where, "a damaged zip directory");
        }
        int nameLength = BinaryPrimitives.ReadUInt16LittleEndian(rest[28..]);
        int extraLength = BinaryPrimitives.ReadUInt16LittleEndian(rest[30..]);
        int commentLength = BinaryPrimitives.ReadUInt16LittleEndian(rest[32..]);
        if (rest.Length < CentralBytes + nameLength + extraLength + commentLength)
        {
            throw Bad(where, "a damaged zip directory");
        }
        if ((BinaryPrimitives.ReadUInt16LittleEndian(rest[8..]) & 1) != 0)
        {
            throw Bad(where, "an encrypted member");
        }
        ulong size = BinaryPrimitives.ReadUInt32LittleEndian(rest[24..]);
        ulong compressed = BinaryPrimitives.ReadUInt32LittleEndian(rest[20..]);
        ulong offset = BinaryPrimitives.ReadUInt32LittleEndian(rest[42..]);
        ReadOnlySpan<byte> extra = rest.Slice(CentralBytes + nameLength, extraLength);
        ZipExtra.ReadZip64(extra, ref size, ref compressed, ref offset);
        if (size > long.MaxValue || compressed > long.MaxValue || offset > long.MaxValue)
        {
            throw Bad(where, "a zip directory with impossible sizes");
        }
        var member = new ZipMember
        {
            Name = Encoding.UTF8.GetString(rest.Slice(CentralBytes, nameLength)),
            Method = BinaryPrimitives.ReadUInt16LittleEndian(rest[10..]),
            CompressedSize = (long)compressed,
            Size = (long)size,
            HeaderOffset = (long)offset,
            Mode = (int)(BinaryPrimitives.ReadUInt32LittleEndian(rest[38..]) >> 16) & 0xFFF,
            Modified = ReadTime(
                BinaryPrimitives.ReadUInt16LittleEndian(rest[12..]),
                BinaryPrimitives.ReadUInt16LittleEndian(rest[14..])
            ),
        };
        rest = rest[(CentralBytes + nameLength + extraLength + commentLength)..];
        return member;
    }

    // The format has no zone, and begins with 1980. What is no date is taken for the first one.
    private static long ReadTime(int time, int date)
    {
        const int FirstYear = 1980;
        (int year, int month, int day) = (FirstYear + (date >> 9), (date >> 5) & 15, date & 31);
        (int hour, int minute, int second) = (time >> 11, (time >> 5) & 63, 2 * (time & 31));
        bool isTime =
            month is >= 1 and <= 12
            && day >= 1
            && day <= DateTime.DaysInMonth(year, month)
            && hour < 24
            && minute < 60
            && second < 60;
        DateTime read = isTime
            ? new DateTime(year, month, day, hour, minute, second, DateTimeKind.Utc)
            : new DateTime(FirstYear, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        return (long)(read - DateTime.UnixEpoch).TotalSeconds;
    }

    private static CorruptDataException Bad(string where, string what) => new(ErrorCodes.Malformed, $"{where}: {what}");
}
