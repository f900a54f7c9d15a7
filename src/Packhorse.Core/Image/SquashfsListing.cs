using System.Buffers.Binary;
using Packhorse.Model;

namespace Packhorse.Image;

/// <summary>
/// Goes through the listing of a directory: runs of at most 256 entries, each run with a header. A position is the offset in the
/// listing behind an entry. For one thread.
/// </summary>
internal sealed class SquashfsListing : IDirectoryCursor
{
    /// <summary>Bytes that a window should have: a good part of a metadata block.</summary>
    public const int WindowBytes = 4096;

    private readonly SquashfsMetadata _metadata;
    private readonly string _where;
    private readonly byte[] _window;
    private readonly byte[] _before = new byte[SquashfsFormat.NameBytes];
    private int _beforeLength;

    // What of the window is not read yet, where the listing goes on behind it, and for how many bytes.
    private int _start;
    private int _end;
    private MetadataPosition _next;
    private long _remaining;

    private long _entriesLeft;
    private uint _block;
    private int _nameStart;
    private int _nameLength;

    /// <param name="begin">Where a run begins, and which offset in the listing that is.</param>
    /// <param name="length">Bytes of the whole listing.</param>
    public SquashfsListing(
        SquashfsMetadata metadata,
        (MetadataPosition Place, long Offset) begin,
        long length,
        byte[] window,
        string where
    )
    {
        _metadata = metadata;
        _next = begin.Place;
        Next = begin.Offset;
        _remaining = length - begin.Offset;
        _window = window;
        _where = where;
    }

    public ReadOnlySpan<byte> Name => _window.AsSpan(_nameStart, _nameLength);

    public InodeReference Inode { get; private set; }

    public InodeKind Kind { get; private set; }

    public long Next { get; private set; }

    public bool MoveNext()
    {
        RememberName();
        if (_entriesLeft == 0)
        {
            if (_remaining == 0 && _start == _end)
            {
                return false;
            }
            ReadOnlySpan<byte> header = Take(SquashfsFormat.DirectoryHeaderBytes);
            _entriesLeft = BinaryPrimitives.ReadUInt32LittleEndian(header) + 1L;
            _block = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
            if (_entriesLeft > SquashfsFormat.DirectoryRunEntries)
            {
                throw Malformed("a run of entries is too long");
            }
        }
        _entriesLeft--;
        ReadOnlySpan<byte> entry = Take(SquashfsFormat.DirectoryEntryBytes);
        Inode = new InodeReference(_block, BinaryPrimitives.ReadUInt16LittleEndian(entry));
        Kind = KindOf((SquashfsInodeType)BinaryPrimitives.ReadUInt16LittleEndian(entry[4..]));
        _nameLength = BinaryPrimitives.ReadUInt16LittleEndian(entry[6..]) + 1;
        if (_nameLength > SquashfsFormat.NameBytes)
        {
            throw Malformed("a name is too long");
        }
        _ = Take(_nameLength);
        _nameStart = _start - _nameLength;
        CheckName();
        return true;
    }

    private InodeKind KindOf(SquashfsInodeType type) =>
        type switch
        {
            SquashfsInodeType.Directory => InodeKind.Directory,
            SquashfsInodeType.File => InodeKind.File,
            SquashfsInodeType.SymbolicLink => InodeKind.SymbolicLink,
            _ => throw Malformed("it holds something that is neither file, directory nor symbolic link"),
        };

    // Ascending names are how lookups can stop early; and no name is there twice.
    private void CheckName()
    {
        ReadOnlySpan<byte> name = Name;
        if (name.ContainsAny((byte)0, (byte)'/') || name.SequenceEqual("."u8) || name.SequenceEqual(".."u8))
        {
            throw Malformed("a name is none");
        }
        if (name.SequenceCompareTo(_before.AsSpan(0, _beforeLength)) <= 0)
        {
            throw Malformed("names are not in order");
        }
    }

    private void RememberName()
    {
        Name.CopyTo(_before);
        _beforeLength = _nameLength;
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (_end - _start < count)
        {
            Fill(count);
        }
        ReadOnlySpan<byte> taken = _window.AsSpan(_start, count);
        _start += count;
        Next += count;
        return taken;
    }

    private void Fill(int count)
    {
        _window.AsSpan(_start.._end).CopyTo(_window);
        _end -= _start;
        _start = 0;
        while (_end < count)
        {
            int most = (int)Math.Min(_window.Length - _end, _remaining);
            if (most == 0)
            {
                throw Malformed("it ends within an entry");
            }
            int read = _metadata.ReadSome(ref _next, _window.AsSpan(_end, most));
            _end += read;
            _remaining -= read;
        }
    }

    private CorruptDataException Malformed(string what) =>
        new(ErrorCodes.BadImage, $"{_where} has a malformed directory: {what}");
}
