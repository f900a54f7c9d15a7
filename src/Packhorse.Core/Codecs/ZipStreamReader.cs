using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Packhorse.Model;

namespace Packhorse.Codecs;

/// <summary>
/// Reads a zip archive from its beginning by its local headers, without its directory: for archives that arrive through a pipe.
/// Members whose size only a data descriptor after them tells (flag bit 3) are found by looking for that descriptor.
/// </summary>
public sealed class ZipStreamReader : IDisposable
{
    private const uint LocalSignature = 0x04034b50;
    private const int LocalBytes = 30;
    private const ushort HasDescriptor = 8;

    private readonly LookaheadStream _stream;
    private readonly string _where;
    private Stream? _content;
    private int _members;

    /// <param name="stream">The archive; not owned.</param>
    /// <param name="where">The file, for messages.</param>
    public ZipStreamReader(Stream stream, string where)
    {
        _stream = new LookaheadStream(stream);
        _where = where;
    }

    public ZipMember Current { get; private set; } = new() { Name = "" };

    /// <summary>Goes to the next member, over what is left of the current one.</summary>
    /// <returns>False where the members end and the directory begins.</returns>
    /// <exception cref="CorruptDataException">This is no zip archive, or it is damaged or beyond the limits.</exception>
    public bool MoveNext()
    {
        Drain();
        Span<byte> header = stackalloc byte[LocalBytes];
        int count = _stream.ReadAtLeast(header, LocalBytes, throwOnEndOfStream: false);
        if (count < LocalBytes)
        {
            throw new CorruptDataException(ErrorCodes.Truncated, $"{_where}: the zip archive ends too early");
        }
        if (BinaryPrimitives.ReadUInt32LittleEndian(header) != LocalSignature)
        {
            return _members > 0
                ? false
                : throw new CorruptDataException(ErrorCodes.Malformed, $"{_where} is no zip archive");
        }
        if (++_members > Limits.Members)
        {
            throw new CorruptDataException(
                ErrorCodes.LimitExceeded,
                $"{_where} has more than {Limits.Members:N0} members"
            );
        }
        ushort flags = BinaryPrimitives.ReadUInt16LittleEndian(header[6..]);
        ulong compressed = BinaryPrimitives.ReadUInt32LittleEndian(header[18..]);
        ulong size = BinaryPrimitives.ReadUInt32LittleEndian(header[22..]);
        var name = new byte[BinaryPrimitives.ReadUInt16LittleEndian(header[26..])];
        var extra = new byte[BinaryPrimitives.ReadUInt16LittleEndian(header[28..])];
        ReadExactly(name);
        ReadExactly(extra);
        ulong offset = 0;
        ZipExtra.ReadZip64(extra, ref size, ref compressed, ref offset);
        if ((flags & 1) != 0 || compressed > long.MaxValue || size > long.MaxValue)
        {
            throw new CorruptDataException(ErrorCodes.Malformed, $"{_where}: an encrypted or impossible zip member");
        }
        Current = new ZipMember
        {
            Name = Encoding.UTF8.GetString(name),
            Method = BinaryPrimitives.ReadUInt16LittleEndian(header[8..]),
            CompressedSize = (long)compressed,
            Size = (long)size,
        };
        _content =
            (flags & HasDescriptor) != 0 && compressed == 0
                ? new DescriptorStream(_stream, _where)
                : new BoundedStream(_stream, (long)compressed, _where);
        return true;
    }

    /// <summary>The content of the current member, valid until <see cref="MoveNext"/>.</summary>
    public Stream OpenContent() => Current.Decompress(_content!, _where);

    /// <summary>Leaves the archive's stream open.</summary>
    public void Dispose() => _stream.Dispose();

    private void Drain()
    {
        if (_content is null)
        {
            return;
        }
        byte[] sink = ArrayPool<byte>.Shared.Rent(128 << 10);
        try
        {
            while (_content.Read(sink) > 0) { }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(sink);
        }
        _content = null;
    }

    private void ReadExactly(Span<byte> destination)
    {
        if (_stream.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false) < destination.Length)
        {
            throw new CorruptDataException(ErrorCodes.Truncated, $"{_where}: the zip archive ends too early");
        }
    }

    /// <summary>
    /// Bytes up to a data descriptor: its signature, a CRC, and as compressed size the number of bytes that went before, in 4 or in 8
    /// bytes. The size makes a chance hit inside the content as good as impossible.
    /// </summary>
    private sealed class DescriptorStream(LookaheadStream stream, string where) : ReadOnlyStream
    {
        private const int DescriptorBytes = 16;
        private const int Zip64DescriptorBytes = 24;
        private static readonly byte[] Signature = [0x50, 0x4b, 0x07, 0x08];

        private long _given;
        private bool _ended;

        public override int Read(Span<byte> buffer)
        {
            if (_ended || buffer.IsEmpty)
            {
                return 0;
            }
            ReadOnlySpan<byte> ahead = stream.Peek(Zip64DescriptorBytes);
            int at = ahead.IndexOf(Signature);
            if (at == 0 && ReadDescriptor(ahead) is var length and > 0)
            {
                stream.Take(length);
                _ended = true;
                return 0;
            }
            if (ahead.Length < DescriptorBytes)
            {
                throw new CorruptDataException(ErrorCodes.Truncated, $"{where}: the zip archive ends too early");
            }
            // Up to the next candidate; without one, all but what could be the beginning of a signature.
            int safe =
                at > 0 ? at
                : at == 0 ? 1
                : ahead.Length - (Signature.Length - 1);
            int count = Math.Min(safe, buffer.Length);
            ahead[..count].CopyTo(buffer);
            stream.Take(count);
            _given += count;
            return count;
        }

        private int ReadDescriptor(ReadOnlySpan<byte> bytes)
        {
            if (
                bytes.Length >= Zip64DescriptorBytes
                && BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]) == _given
                && _given > 0
            )
            {
                return Zip64DescriptorBytes;
            }
            return bytes.Length >= DescriptorBytes && BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]) == _given
                ? DescriptorBytes
                : 0;
        }
    }
}
