using System.Buffers.Binary;
using Packhorse.Model;

namespace Packhorse.Image;

/// <summary>What changes in one file.</summary>
public readonly record struct RelocationEntry
{
    public required InodeReference Inode { get; init; }

    public required RelocationKind Kind { get; init; }

    /// <summary>Bytes of the longest prefix that fits; 0: any.</summary>
    public required int LongestPrefix { get; init; }

    /// <summary>Numbers at the begin that belong to the first line.</summary>
    public required int FirstLineNumbers { get; init; }

    /// <summary>Index of the first number.</summary>
    public required long FirstNumber { get; init; }

    public required int Numbers { get; init; }

    /// <summary>Bytes of the first line with the placeholder taken out; 0: it has none.</summary>
    public required int FirstLineBytes { get; init; }

    /// <summary>Offset of the first line in the texts.</summary>
    public required long FirstLineOffset { get; init; }
}

/// <summary>
/// The relocations of an image (<c>docs/FORMAT.md</c>, "Relocations"), searched as the bytes that they are: nothing is made of an entry
/// before it is asked for.
/// </summary>
public sealed class RelocationTable
{
    private const int HeaderBytes = 32;
    private const int EntryBytes = 40;
    private const int NumberBytes = 8;

    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly long _numbers;
    private readonly long _texts;
    private readonly int _prefixBytes;
    private readonly string _where;

    private RelocationTable(ReadOnlyMemory<byte> bytes, string where)
    {
        _bytes = bytes;
        _where = where;
        ReadOnlySpan<byte> header = bytes.Span[..HeaderBytes];
        Count = BinaryPrimitives.ReadInt32LittleEndian(header[8..]);
        _prefixBytes = BinaryPrimitives.ReadInt32LittleEndian(header[12..]);
        _numbers = HeaderBytes + ((long)Count * EntryBytes);
        // Counts beyond the bytes that are there would overflow; they are refused before they are used.
        ulong numbers = BinaryPrimitives.ReadUInt64LittleEndian(header[16..]);
        ulong texts = BinaryPrimitives.ReadUInt64LittleEndian(header[24..]);
        if (Count < 0 || numbers > (ulong)bytes.Length || texts > (ulong)bytes.Length)
        {
            throw Malformed("it has more entries, numbers or texts than bytes");
        }
        _texts = _numbers + ((long)numbers * NumberBytes);
        if (_texts + (long)texts != bytes.Length || _prefixBytes < 1 || _prefixBytes > (long)texts)
        {
            throw Malformed("its lengths contradict each other");
        }
    }

    public static ReadOnlySpan<byte> Magic => "phreloc1"u8;

    /// <summary>Entries.</summary>
    public int Count { get; }

    /// <summary>The prefix that is in the files as they are stored.</summary>
    public ReadOnlySpan<byte> BakedPrefix => _bytes.Span.Slice((int)_texts, _prefixBytes);

    public RelocationEntry this[int index] => Read(index);

    /// <param name="bytes">The whole part; kept.</param>
    /// <param name="where">The file, for messages.</param>
    /// <exception cref="CorruptDataException">It is damaged or too large.</exception>
    public static RelocationTable Parse(ReadOnlyMemory<byte> bytes, string where)
    {
        if (bytes.Length > Limits.RelocationBytes)
        {
            throw new CorruptDataException(
                ErrorCodes.LimitExceeded,
                $"{where} has {bytes.Length:N0} bytes of relocations, more than {Limits.RelocationBytes:N0}"
            );
        }
        if (bytes.Length < HeaderBytes || !bytes.Span.StartsWith(Magic))
        {
            throw new CorruptDataException(ErrorCodes.BadImage, $"{where} has no relocations");
        }
        var table = new RelocationTable(bytes, where);
        table.CheckEntries();
        return table;
    }

    public bool TryFind(InodeReference inode, out RelocationEntry entry)
    {
        (int low, int high) = (0, Count);
        while (low < high)
        {
            int middle = (int)(((uint)low + (uint)high) / 2);
            ulong there = BinaryPrimitives.ReadUInt64LittleEndian(EntryAt(middle));
            if (there == inode.Value)
            {
                entry = Read(middle);
                return true;
            }
            if (there < inode.Value)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }
        entry = default;
        return false;
    }

    /// <param name="index">Of the entry's numbers.</param>
    public long Number(in RelocationEntry entry, int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)entry.Numbers);
        long at = _numbers + ((entry.FirstNumber + index) * NumberBytes);
        return BinaryPrimitives.ReadInt64LittleEndian(_bytes.Span[(int)at..]);
    }

    /// <summary>The first line as packaged, with the placeholder taken out.</summary>
    public ReadOnlySpan<byte> FirstLine(in RelocationEntry entry) =>
        _bytes.Span.Slice((int)(_texts + entry.FirstLineOffset), entry.FirstLineBytes);

    private ReadOnlySpan<byte> EntryAt(int index) =>
        _bytes.Span.Slice((int)(HeaderBytes + ((long)index * EntryBytes)), EntryBytes);

    private RelocationEntry Read(int index)
    {
        ReadOnlySpan<byte> bytes = EntryAt(index);
        return new RelocationEntry
        {
            Inode = new InodeReference(BinaryPrimitives.ReadUInt64LittleEndian(bytes)),
            Kind = (RelocationKind)bytes[8],
            LongestPrefix = BinaryPrimitives.ReadUInt16LittleEndian(bytes[10..]),
            FirstLineNumbers = BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]),
            FirstNumber = BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]),
            Numbers = BinaryPrimitives.ReadInt32LittleEndian(bytes[24..]),
            FirstLineBytes = BinaryPrimitives.ReadInt32LittleEndian(bytes[28..]),
            FirstLineOffset = BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]),
        };
    }

    private void CheckEntries()
    {
        long numbers = (_texts - _numbers) / NumberBytes;
        long texts = _bytes.Length - _texts;
        ulong before = 0;
        for (int i = 0; i < Count; i++)
        {
            RelocationEntry entry = Read(i);
            if (i > 0 && entry.Inode.Value <= before)
            {
                throw Malformed("its entries are not in order");
            }
            before = entry.Inode.Value;
            bool isWhole =
                entry.Kind is >= RelocationKind.Text and <= RelocationKind.ByteCode
                && entry.Numbers >= 0
                && entry.FirstNumber >= 0
                && entry.FirstNumber <= numbers - entry.Numbers
                && entry.FirstLineNumbers >= 0
                && entry.FirstLineNumbers <= entry.Numbers
                && entry.FirstLineBytes is >= 0 and <= Limits.ShebangBytes
                && entry.FirstLineOffset >= 0
                && entry.FirstLineOffset <= texts - entry.FirstLineBytes;
            if (!isWhole)
            {
                throw Malformed($"the entry of the inode {entry.Inode} leads out of it");
            }
        }
    }

    private CorruptDataException Malformed(string what) =>
        new(ErrorCodes.BadImage, $"{_where} has a malformed relocation table: {what}");
}
