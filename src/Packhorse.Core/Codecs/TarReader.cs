using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Packhorse.Model;

namespace Packhorse.Codecs;

/// <summary>
/// Reads a tar from its beginning to its end: ustar, pax (POSIX.1-2001 <c>path</c>, <c>linkpath</c>, <c>size</c>, <c>mtime</c>) and
/// GNU long names and base-256 numbers. Does not own the stream. Sparse files are given out as <see cref="TarEntryType.Other"/>.
/// </summary>
public sealed class TarReader
{
    public const int BlockBytes = 512;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly Stream _stream;
    private readonly string _where;
    private readonly byte[] _header = new byte[BlockBytes];
    private long _remaining;
    private long _padding;
    private int _members;
    private TarExtensions _extensions;

    /// <param name="where">The file, for messages.</param>
    public TarReader(Stream stream, string where)
    {
        _stream = stream;
        _where = where;
    }

    /// <summary>The member that <see cref="MoveNext"/> went to.</summary>
    public TarEntry Current { get; private set; } = new() { Name = "", Type = TarEntryType.Other };

    /// <summary>Bytes of the stream read so far: before the content is read, where the content begins.</summary>
    public long Position { get; private set; }

    /// <summary>The block that was read last as a header.</summary>
    public ReadOnlySpan<byte> Header => _header;

    /// <summary>True when two blocks of zeros ended the tar, as they should; false at a bare end of the stream.</summary>
    public bool EndMarkerSeen { get; private set; }

    /// <summary>Goes to the next member, over what is left of the current one's content.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="CorruptDataException">This is no tar, or it is damaged or beyond the limits.</exception>
    public bool MoveNext()
    {
        Skip(_remaining + _padding);
        _remaining = _padding = 0;
        _extensions = default;
        while (true)
        {
            if (!ReadHeader())
            {
                return false;
            }
            long size = ReadNumber(124, 12, "size");
            char type = (char)_header[156];
            if (type is 'x' or 'g' or 'L' or 'K')
            {
                ReadExtension(type, size);
                continue;
            }
            if (++_members > Limits.Members)
            {
                throw Bad(ErrorCodes.LimitExceeded, $"more than {Limits.Members:N0} members");
            }
            size = _extensions.Size ?? size;
            if (size > Limits.FileBytes)
            {
                throw Bad(ErrorCodes.LimitExceeded, $"a member of {size:N0} bytes");
            }
            Current = ReadEntry(type, size);
            return true;
        }
    }

    /// <summary>Reads the content of the current member.</summary>
    /// <returns>0 at its end.</returns>
    public int Read(Span<byte> destination)
    {
        int wanted = (int)Math.Min(destination.Length, _remaining);
        if (wanted == 0)
        {
            return 0;
        }
        int count = _stream.Read(destination[..wanted]);
        if (count == 0)
        {
            throw Truncated();
        }
        _remaining -= count;
        Position += count;
        return count;
    }

    /// <summary>The whole content of the current member.</summary>
    /// <exception cref="CorruptDataException">It has more than <paramref name="limit"/> bytes.</exception>
    public byte[] ReadAllBytes(int limit)
    {
        if (_remaining > limit)
        {
            throw Bad(
                ErrorCodes.LimitExceeded,
                $"{EntryPath.Quote(Current.Name)} has {_remaining:N0} bytes, more than {limit:N0}"
            );
        }
        var content = new byte[_remaining];
        int done = 0;
        while (done < content.Length)
        {
            done += Read(content.AsSpan(done));
        }
        return content;
    }

    /// <summary>The content of the current member as a stream, valid until <see cref="MoveNext"/>.</summary>
    public Stream OpenContent() => new ContentStream(this);

    private bool ReadHeader()
    {
        int count = ReadBlock(_header);
        if (count == 0)
        {
            return false;
        }
        if (count < BlockBytes)
        {
            throw Truncated();
        }
        if (!_header.AsSpan().ContainsAnyExcept((byte)0))
        {
            EndMarkerSeen = ReadBlock(_header) == BlockBytes && !_header.AsSpan().ContainsAnyExcept((byte)0);
            return false;
        }
        VerifyChecksum();
        return true;
    }

    private TarEntry ReadEntry(char typeFlag, long size)
    {
        TarEntryType type = typeFlag switch
        {
            '0' or '\0' or '7' => TarEntryType.File,
            '1' => TarEntryType.HardLink,
            '2' => TarEntryType.SymbolicLink,
            '5' => TarEntryType.Directory,
            _ => TarEntryType.Other,
        };
        string name = _extensions.Path ?? ReadName();
        // Before POSIX a directory was a file whose name ends in a slash.
        if (type == TarEntryType.File && name.EndsWith('/'))
        {
            type = TarEntryType.Directory;
        }
        bool hasContent = type is TarEntryType.File or TarEntryType.Other;
        _remaining = hasContent ? size : 0;
        _padding = (BlockBytes - (_remaining % BlockBytes)) % BlockBytes;
        return new TarEntry
        {
            Name = name,
            Type = type,
            TypeFlag = typeFlag,
            Size = _remaining,
            Mode = (int)(ReadNumber(100, 8, "mode") & 0xFFF),
            Modified = _extensions.Modified ?? ReadNumber(136, 12, "mtime", allowNegative: true),
            LinkName = type is TarEntryType.SymbolicLink or TarEntryType.HardLink
                ? _extensions.LinkPath ?? Decode(Field(157, 100))
                : "",
        };
    }

    private string ReadName()
    {
        ReadOnlySpan<byte> name = Field(0, 100);
        // "ustar\0" "00": the prefix field; GNU's "ustar  \0" uses those bytes for times.
        bool posix = _header.AsSpan(257, 6).SequenceEqual("ustar\0"u8);
        ReadOnlySpan<byte> prefix = posix ? Field(345, 155) : default;
        return prefix.IsEmpty ? Decode(name) : $"{Decode(prefix)}/{Decode(name)}";
    }

    private void ReadExtension(char type, long size)
    {
        if (size > Limits.TarExtensionBytes)
        {
            throw Bad(ErrorCodes.LimitExceeded, $"an extended header of {size:N0} bytes");
        }
        byte[] rented = ArrayPool<byte>.Shared.Rent((int)size);
        try
        {
            Span<byte> content = rented.AsSpan(0, (int)size);
            if (ReadBlock(content) != content.Length)
            {
                throw Truncated();
            }
            Skip((BlockBytes - (size % BlockBytes)) % BlockBytes);
            switch (type)
            {
                case 'L':
                    _extensions.Path = Decode(UntilNul(content));
                    break;
                case 'K':
                    _extensions.LinkPath = Decode(UntilNul(content));
                    break;
                case 'x':
                    ReadPax(content);
                    break;
                // Global headers carry comments (git's commit); nothing in them changes a member that we use.
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    // Records "LENGTH KEY=VALUE\n" where LENGTH counts the whole record.
    private void ReadPax(ReadOnlySpan<byte> records)
    {
        while (!records.IsEmpty)
        {
            if (
                !Utf8Parser.TryParse(records, out int length, out int digits)
                || length > records.Length
                || length < digits + 3
                || records[digits] != ' '
                || records[length - 1] != '\n'
            )
            {
                throw Bad(ErrorCodes.Malformed, "a damaged pax header");
            }
            ReadOnlySpan<byte> record = records[(digits + 1)..(length - 1)];
            records = records[length..];
            int equals = record.IndexOf((byte)'=');
            if (equals > 0)
            {
                ApplyPax(record[..equals], record[(equals + 1)..]);
            }
        }
    }

    private void ApplyPax(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (key.SequenceEqual("path"u8))
        {
            _extensions.Path = Decode(value);
        }
        else if (key.SequenceEqual("linkpath"u8))
        {
            _extensions.LinkPath = Decode(value);
        }
        else if (key.SequenceEqual("size"u8))
        {
            _extensions.Size =
                Utf8Parser.TryParse(value, out long size, out int used) && used == value.Length && size >= 0
                    ? size
                    : throw Bad(ErrorCodes.Malformed, "a pax header with a damaged size");
        }
        else if (key.SequenceEqual("mtime"u8))
        {
            // Fractions are cut: times in packages count seconds.
            int dot = value.IndexOf((byte)'.');
            ReadOnlySpan<byte> whole = dot < 0 ? value : value[..dot];
            if (Utf8Parser.TryParse(whole, out long modified, out int used) && used == whole.Length)
            {
                _extensions.Modified = modified;
            }
        }
        else if (key.StartsWith("GNU.sparse."u8))
        {
            throw Bad(ErrorCodes.Malformed, "a sparse file, which no package should hold");
        }
    }

    private void VerifyChecksum()
    {
        int unsigned = 0;
        int signed = 0;
        for (int i = 0; i < BlockBytes; i++)
        {
            byte value = i is >= 148 and < 156 ? (byte)' ' : _header[i];
            unsigned += value;
            signed += (sbyte)value;
        }
        long stated = ReadNumber(148, 8, "checksum");
        if (stated != unsigned && stated != signed)
        {
            throw Bad(ErrorCodes.Malformed, $"no tar header at byte {Position - BlockBytes:N0} (wrong checksum)");
        }
    }

    // Octal digits with blanks or NULs around them, or GNU's base 256 when the top bit is set.
    private long ReadNumber(int offset, int length, string field, bool allowNegative = false)
    {
        ReadOnlySpan<byte> bytes = _header.AsSpan(offset, length);
        if ((bytes[0] & 0x80) != 0)
        {
            bool negative = (bytes[0] & 0x40) != 0;
            Int128 value = negative ? -1 : 0;
            value = (value << 6) | (byte)(bytes[0] & 0x3F);
            foreach (byte next in bytes[1..])
            {
                value = (value << 8) | next;
            }
            return value <= long.MaxValue && (value >= 0 || (allowNegative && value >= long.MinValue))
                ? (long)value
                : throw Bad(ErrorCodes.Malformed, $"an impossible {field}");
        }
        ReadOnlySpan<byte> digits = bytes.Trim(" \0"u8);
        int end = digits.IndexOfAny((byte)0, (byte)' ');
        digits = end < 0 ? digits : digits[..end];
        long number = 0;
        foreach (byte digit in digits)
        {
            if (digit is < (byte)'0' or > (byte)'7' || number > long.MaxValue >> 3)
            {
                throw Bad(ErrorCodes.Malformed, $"a damaged {field}");
            }
            number = (number << 3) | (uint)(digit - '0');
        }
        return number;
    }

    private ReadOnlySpan<byte> Field(int offset, int length) => UntilNul(_header.AsSpan(offset, length));

    private static ReadOnlySpan<byte> UntilNul(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.IndexOf((byte)0);
        return end < 0 ? bytes : bytes[..end];
    }

    private string Decode(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Utf8.GetString(bytes);
        }
        catch (DecoderFallbackException error)
        {
            throw new CorruptDataException(ErrorCodes.Malformed, $"{_where}: a member's name is not UTF-8", error);
        }
    }

    private int ReadBlock(Span<byte> destination)
    {
        int count = _stream.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false);
        Position += count;
        return count;
    }

    private void Skip(long count)
    {
        if (count > BlockBytes && _stream.CanSeek)
        {
            if (_stream.Position + count > _stream.Length)
            {
                throw Truncated();
            }
            _stream.Position += count;
            Position += count;
            return;
        }
        Span<byte> sink = stackalloc byte[4 * BlockBytes];
        while (count > 0)
        {
            int wanted = (int)Math.Min(count, sink.Length);
            if (ReadBlock(sink[..wanted]) != wanted)
            {
                throw Truncated();
            }
            count -= wanted;
        }
    }

    private CorruptDataException Truncated() =>
        new(ErrorCodes.Truncated, $"{_where}: the tar ends too early, at byte {Position:N0}");

    private CorruptDataException Bad(string code, string what) => new(code, $"{_where}: {what}");

    private struct TarExtensions
    {
        public string? Path;
        public string? LinkPath;
        public long? Size;
        public long? Modified;
    }

    private sealed class ContentStream(TarReader reader) : ReadOnlyStream
    {
        public override int Read(Span<byte> buffer) => reader.Read(buffer);
    }
}
