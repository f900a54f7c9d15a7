using System.Globalization;
using System.Text;
using Packhorse.Install;
using Packhorse.Model;

namespace Packhorse.Image;

/// <summary>Works out from the entry of a file what it consists of at another prefix.</summary>
internal sealed class RelocationPlanner
{
    private const int HexadecimalBytes = 2 * Digest.Size;

    private readonly RelocationTable _table;
    private readonly InstallTarget _baked;
    private readonly InstallTarget _target;
    private readonly byte[] _jsonPrefix;
    private readonly string _where;

    public RelocationPlanner(RelocationTable table, InstallTarget target, string where)
    {
        _table = table;
        _baked = new InstallTarget(Encoding.UTF8.GetString(table.BakedPrefix), target.Platform);
        _target = target;
        _jsonPrefix = SerdeJson.InsideOfString(target.Prefix);
        _where = where;
    }

    private int BakedBytes => _table.BakedPrefix.Length;

    /// <param name="stored">Bytes of the file as it is stored.</param>
    /// <param name="sizeOf">Bytes of another file at the new prefix.</param>
    /// <exception cref="CorruptDataException">The entry does not fit to the file.</exception>
    public RelocatedFile Plan(in RelocationEntry entry, long stored, Func<InodeReference, long> sizeOf)
    {
        var file = new RelocatedFile();
        switch (entry.Kind)
        {
            case RelocationKind.Text:
                PlanText(file, entry, stored);
                break;
            case RelocationKind.Binary:
                PlanBinary(file, entry, stored);
                break;
            case RelocationKind.Record:
                PlanRecord(file, entry, stored, sizeOf);
                break;
            default:
                file.AddStored(0, stored);
                break;
        }
        return file;
    }

    private void PlanText(RelocatedFile file, in RelocationEntry entry, long stored)
    {
        long done = 0;
        if (entry.FirstLineBytes > 0)
        {
            (byte[] line, byte[] placeholder) = PackagedLine(entry);
            done = Shebang.Rewrite(line, placeholder, _baked).Length;
            file.AddText(Shebang.Rewrite(line, placeholder, _target));
        }
        for (int i = entry.FirstLineNumbers; i < entry.Numbers; i++)
        {
            done = AddUpToPrefix(file, entry, _table.Number(entry, i), (done, stored));
        }
        if (done > stored)
        {
            throw DoesNotFit(entry);
        }
        file.AddStored(done, stored);
    }

    private void PlanBinary(RelocatedFile file, in RelocationEntry entry, long stored)
    {
        int lostBefore = entry.LongestPrefix - BakedBytes;
        int lostNow = entry.LongestPrefix - _target.PrefixBytes.Length;
        if (lostBefore < 0 || lostNow < 0)
        {
            throw DoesNotFit(entry);
        }
        long done = 0;
        for (int i = 0; i < entry.Numbers; )
        {
            if (entry.Numbers - i < 3)
            {
                throw DoesNotFit(entry);
            }
            long end = _table.Number(entry, i++);
            long count = _table.Number(entry, i++);
            if (count < 1 || count > entry.Numbers - i || end > stored)
            {
                throw DoesNotFit(entry);
            }
            // Behind the last prefix the string goes on to the zeros that it has for the bytes it lost.
            long textEnd = end - (count * lostBefore);
            for (long last = i + count; i < last; i++)
            {
                done = AddUpToPrefix(file, entry, _table.Number(entry, i), (done, textEnd));
            }
            file.AddStored(done, textEnd);
            file.AddZeros(count * lostNow);
            done = end;
        }
        file.AddStored(done, stored);
    }

    private void PlanRecord(
        RelocatedFile file,
        in RelocationEntry entry,
        long stored,
        Func<InodeReference, long> sizeOf
    )
    {
        const int NumbersOfPiece = 3;
        if (entry.Numbers % NumbersOfPiece != 0)
        {
            throw DoesNotFit(entry);
        }
        long done = 0;
        for (int i = 0; i < entry.Numbers; i += NumbersOfPiece)
        {
            long offset = _table.Number(entry, i);
            long length = _table.Number(entry, i + 1);
            if (offset < done || length < 0 || offset > stored - length)
            {
                throw DoesNotFit(entry);
            }
            file.AddStored(done, offset);
            AddRecordPiece(file, entry, (ulong)_table.Number(entry, i + 2), sizeOf);
            done = offset + length;
        }
        file.AddStored(done, stored);
    }

    private void AddRecordPiece(
        RelocatedFile file,
        in RelocationEntry entry,
        ulong number,
        Func<InodeReference, long> sizeOf
    )
    {
        var of = new InodeReference(number >> 2);
        // Records speak of files. One that spoke of records could speak of itself, and its digest would have no end.
        bool isRecord = _table.TryFind(of, out RelocationEntry other) && other.Kind == RelocationKind.Record;
        switch ((RecordPieceKind)(number & 3))
        {
            case RecordPieceKind.Sha256 when !isRecord:
                file.AddSha256(of, HexadecimalBytes);
                break;
            case RecordPieceKind.Size when !isRecord:
                file.AddText(Encoding.ASCII.GetBytes(sizeOf(of).ToString(CultureInfo.InvariantCulture)));
                break;
            case RecordPieceKind.Prefix:
                file.AddText(_jsonPrefix);
                break;
            default:
                throw DoesNotFit(entry);
        }
    }

    // What is stored up to a place where the baked prefix stands, and the new prefix instead of it.
    private long AddUpToPrefix(RelocatedFile file, in RelocationEntry entry, long at, (long Done, long End) stored)
    {
        if (at < stored.Done || at > stored.End - BakedBytes)
        {
            throw DoesNotFit(entry);
        }
        file.AddStored(stored.Done, at);
        file.AddPrefix(_target.PrefixBytes.Length);
        return at + BakedBytes;
    }

    // The line as packaged but for the placeholder, whose text does not matter as long as it is a path that the line does not have.
    private (byte[] Line, byte[] Placeholder) PackagedLine(in RelocationEntry entry)
    {
        ReadOnlySpan<byte> rest = _table.FirstLine(entry);
        byte[] placeholder = [(byte)'/', UnusedByte(entry, rest)];
        var line = new List<byte>(rest.Length + (entry.FirstLineNumbers * placeholder.Length));
        int done = 0;
        for (int i = 0; i < entry.FirstLineNumbers; i++)
        {
            long at = _table.Number(entry, i);
            if (at < done || at > rest.Length)
            {
                throw DoesNotFit(entry);
            }
            line.AddRange(rest[done..(int)at]);
            line.AddRange(placeholder);
            done = (int)at;
        }
        line.AddRange(rest[done..]);
        return ([.. line], placeholder);
    }

    private byte UnusedByte(in RelocationEntry entry, ReadOnlySpan<byte> line)
    {
        // Letters and digits mean nothing in a shebang, and most lines leave one of the controls before them unused.
        for (byte candidate = 1; candidate < 128; candidate++)
        {
            bool isPlain = char.IsAsciiLetterOrDigit((char)candidate) || candidate < (byte)'\t';
            if (isPlain && !line.Contains(candidate))
            {
                return candidate;
            }
        }
        throw DoesNotFit(entry);
    }

    private CorruptDataException DoesNotFit(in RelocationEntry entry) =>
        new(ErrorCodes.BadImage, $"{_where} has relocations that do not fit to its file {entry.Inode}");
}
