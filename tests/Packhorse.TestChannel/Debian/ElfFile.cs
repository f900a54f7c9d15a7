using System.Buffers.Binary;
using System.Text;

namespace Packhorse.TestChannel;

/// <summary>
/// The dynamic section of a 64-bit little-endian ELF file (System V gABI, chapter 5), and the one change that a relocatable
/// package needs: a search path for its libraries.
/// </summary>
internal sealed class ElfFile
{
    private const int SegmentLoad = 1;
    private const int SegmentDynamic = 2;
    private const long TagNull = 0;
    private const long TagNeeded = 1;
    private const long TagStringTable = 5;
    private const long TagStringTableSize = 10;
    private const long TagSoname = 14;
    private const long TagRpath = 15;
    private const long TagRunpath = 29;

    private readonly byte[] _bytes;
    private readonly List<Segment> _loads = [];
    private readonly List<(int Offset, long Tag, long Value)> _dynamic = [];
    private readonly long _stringTable;

    private ElfFile(byte[] bytes)
    {
        _bytes = bytes;
        Segment? dynamic = null;
        int count = BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(56));
        for (int index = 0; index < count; index++)
        {
            int at = (int)(Int64(32) + (index * BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(54))));
            Segment segment = new(at, Int64(at + 8), Int64(at + 16), Int64(at + 32), Int64(at + 40));
            int type = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at));
            if (type == SegmentLoad)
            {
                _loads.Add(segment);
            }
            else if (type == SegmentDynamic)
            {
                dynamic = segment;
            }
        }
        for (long at = dynamic?.Offset ?? 0, end = at + (dynamic?.FileSize ?? 0); at < end; at += 16)
        {
            _dynamic.Add(((int)at, Int64((int)at), Int64((int)at + 8)));
        }
        _stringTable = Values(TagStringTable).FirstOrDefault();
    }

    /// <summary>Sonames of the libraries that it is linked to.</summary>
    public IEnumerable<string> Needed => Values(TagNeeded).Select(String);

    public string? Soname => Values(TagSoname).Select(String).FirstOrDefault();

    /// <summary>The search path that it has already: DT_RUNPATH, else DT_RPATH.</summary>
    public string? SearchPath => Values(TagRunpath).Concat(Values(TagRpath)).Select(String).FirstOrDefault();

    /// <returns>Null unless it is a dynamically linked file of the machine's kind.</returns>
    public static ElfFile? TryParse(byte[] bytes)
    {
        if (bytes.Length < 64 || !bytes.AsSpan().StartsWith("\u007fELF\u0002\u0001"u8))
        {
            return null;
        }
        ElfFile elf = new(bytes);
        return elf._stringTable > 0 ? elf : null;
    }

    /// <summary>
    /// Sets DT_RPATH without moving anything: the text goes into the unused end of a mapped page, the entry into one of the spare
    /// ones that linkers leave. DT_RPATH and not DT_RUNPATH, as conda-build does: LD_LIBRARY_PATH of a worker node must not win.
    /// </summary>
    /// <returns>The changed copy, or null where there is no such room.</returns>
    public byte[]? WithRpath(string rpath)
    {
        byte[] text = Encoding.UTF8.GetBytes(rpath + '\0');
        int entry = _dynamic.FindIndex(entry => entry.Tag is TagRunpath or TagRpath);
        if (entry < 0)
        {
            // The last DT_NULL ends the section and must stay.
            entry = _dynamic.FindIndex(entry => entry.Tag == TagNull);
            entry = entry < _dynamic.Count - 1 ? entry : -1;
        }
        if (entry < 0 || FindRoom(text.Length) is not { } segment)
        {
            return null;
        }
        byte[] changed = (byte[])_bytes.Clone();
        text.CopyTo(changed, (int)segment.FileEnd);
        WriteInt64(changed, segment.Header + 32, segment.FileSize + text.Length);
        WriteInt64(changed, segment.Header + 40, segment.FileSize + text.Length);
        long offset = segment.Address + segment.FileSize - _stringTable;
        WriteInt64(changed, _dynamic[entry].Offset, TagRpath);
        WriteInt64(changed, _dynamic[entry].Offset + 8, offset);
        foreach ((int at, long tag, long value) in _dynamic)
        {
            // For readers that go by the dynamic section; those that go by .dynstr show the offset instead of the text.
            if (tag == TagStringTableSize && value < offset + text.Length)
            {
                WriteInt64(changed, at + 8, offset + text.Length);
            }
        }
        return changed;
    }

    // A segment whose last page has so many unused zero bytes in the file, after the string table so that the offset is positive.
    private Segment? FindRoom(int length)
    {
        const int PageSize = 4096;
        foreach (Segment segment in _loads)
        {
            long end = (segment.FileEnd + PageSize - 1) / PageSize * PageSize;
            bool fits =
                segment.FileSize == segment.MemorySize
                && segment.Address + segment.FileSize > _stringTable
                && segment.FileEnd + length <= Math.Min(end, _bytes.Length)
                && !_loads.Exists(other => other.Offset >= segment.FileEnd && other.Offset < segment.FileEnd + length)
                && !_bytes.AsSpan((int)segment.FileEnd, length).ContainsAnyExcept((byte)0);
            if (fits)
            {
                return segment;
            }
        }
        return null;
    }

    private IEnumerable<long> Values(long tag) =>
        _dynamic.Where(entry => entry.Tag == tag).Select(entry => entry.Value);

    private string String(long offset)
    {
        long address = _stringTable + offset;
        Segment segment = _loads.Single(load => address >= load.Address && address < load.Address + load.FileSize);
        ReadOnlySpan<byte> text = _bytes.AsSpan((int)(address - segment.Address + segment.Offset));
        return Encoding.UTF8.GetString(text[..text.IndexOf((byte)0)]);
    }

    private long Int64(int offset) => BinaryPrimitives.ReadInt64LittleEndian(_bytes.AsSpan(offset));

    private static void WriteInt64(byte[] bytes, int offset, long value) =>
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(offset), value);

    /// <param name="Header">Offset of the program header in the file.</param>
    private sealed record Segment(int Header, long Offset, long Address, long FileSize, long MemorySize)
    {
        public long FileEnd => Offset + FileSize;
    }
}
