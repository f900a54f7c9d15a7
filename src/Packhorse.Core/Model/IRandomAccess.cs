namespace Packhorse.Model;

/// <summary>Bytes that can be read at any offset by any number of threads at once.</summary>
public interface IRandomAccess
{
    /// <summary>Length in bytes.</summary>
    long Length { get; }

    /// <returns>Bytes read: as many as asked for, fewer only at the end.</returns>
    int Read(Span<byte> destination, long offset);
}

/// <summary>Bytes in memory.</summary>
public sealed class MemorySource(ReadOnlyMemory<byte> bytes) : IRandomAccess
{
    public long Length => bytes.Length;

    public int Read(Span<byte> destination, long offset)
    {
        if (offset < 0 || offset >= bytes.Length)
        {
            return 0;
        }
        ReadOnlySpan<byte> available = bytes.Span[(int)offset..];
        int count = Math.Min(available.Length, destination.Length);
        available[..count].CopyTo(destination);
        return count;
    }
}

/// <summary>A part of other bytes. Does not own them.</summary>
public sealed class SourceSlice : IRandomAccess
{
    private readonly IRandomAccess _whole;
    private readonly long _offset;

    /// <exception cref="ArgumentOutOfRangeException">The part is not inside the whole.</exception>
    public SourceSlice(IRandomAccess whole, long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, whole.Length - offset);
        _whole = whole;
        _offset = offset;
        Length = length;
    }

    public long Length { get; }

    public int Read(Span<byte> destination, long offset)
    {
        if (offset < 0 || offset >= Length)
        {
            return 0;
        }
        int count = (int)Math.Min(destination.Length, Length - offset);
        return _whole.Read(destination[..count], _offset + offset);
    }
}

/// <summary>Sequential and whole reading of an <see cref="IRandomAccess"/>.</summary>
public static class RandomAccessSources
{
    /// <exception cref="CorruptDataException">There are not so many bytes.</exception>
    public static void ReadExactly(this IRandomAccess source, Span<byte> destination, long offset, string where)
    {
        if (source.Read(destination, offset) != destination.Length)
        {
            throw new CorruptDataException(
                ErrorCodes.Truncated,
                $"{where} ends at byte {source.Length:N0}: {destination.Length:N0} bytes were expected at {offset:N0}"
            );
        }
    }

    /// <summary>A seekable stream with a position of its own; does not own the source.</summary>
    public static Stream AsStream(this IRandomAccess source) => new SourceStream(source);

    private sealed class SourceStream(IRandomAccess source) : ReadOnlyStream
    {
        private long _position;

        public override bool CanSeek => true;

        public override long Length => source.Length;

        public override long Position
        {
            get => _position;
            set => _position = value;
        }

        public override int Read(Span<byte> buffer)
        {
            int count = source.Read(buffer, _position);
            _position += count;
            return count;
        }
    }
}

/// <summary>A synchronous stream that is only read; what is left to implement is <see cref="Stream.Read(Span{byte})"/>.</summary>
public abstract class ReadOnlyStream : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public abstract override int Read(Span<byte> buffer);

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) =>
        Position = origin switch
        {
            SeekOrigin.Begin => offset,
            SeekOrigin.Current => Position + offset,
            _ => Length + offset,
        };

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}

/// <summary>Other bytes, of which none are given out any more after the interruption. Does not own them.</summary>
public sealed class InterruptibleSource(IRandomAccess source, CancellationToken cancellation) : IRandomAccess
{
    public long Length => source.Length;

    /// <exception cref="OperationCanceledException">The interruption has come.</exception>
    public int Read(Span<byte> destination, long offset)
    {
        cancellation.ThrowIfCancellationRequested();
        return source.Read(destination, offset);
    }
}
