using System.Buffers;
using Packhorse.Model;

namespace Packhorse.Codecs;

/// <summary>
/// A stream of decompressed bytes. Refuses input that ends in the middle, and output beyond the limits on decompression
/// (<see cref="Limits.DecompressionRatio"/>). Does not own the compressed stream.
/// </summary>
public abstract class DecoderStream : ReadOnlyStream
{
    private const int BufferBytes = 128 << 10;

    private readonly Stream _source;
    private byte[]? _buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
    private int _start;
    private int _end;
    private long _bytesIn;
    private long _bytesOut;
    private bool _sourceEnded;

    /// <param name="where">The file, for messages.</param>
    private protected DecoderStream(Stream source, string where)
    {
        _source = source;
        Where = where;
    }

    protected string Where { get; }

    /// <exception cref="CorruptDataException">The input is damaged, ends early, or grows beyond the limits.</exception>
    public sealed override int Read(Span<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(_buffer is null, this);
        if (buffer.IsEmpty)
        {
            return 0;
        }
        while (true)
        {
            if (_start == _end && !_sourceEnded)
            {
                _start = 0;
                _end = _source.Read(_buffer.AsSpan(0, BufferBytes));
                _sourceEnded = _end == 0;
                _bytesIn += _end;
            }
            // With no input left the decoder may still hold output.
            Decode(_buffer.AsSpan(_start, _end - _start), buffer, out int consumed, out int written);
            _start += consumed;
            _bytesOut += written;
            if (_bytesOut > Limits.DecompressionFloor && _bytesOut / Limits.DecompressionRatio > _bytesIn)
            {
                throw new CorruptDataException(
                    ErrorCodes.LimitExceeded,
                    $"{Where}: {_bytesIn:N0} compressed bytes grew to {_bytesOut:N0}, more than {Limits.DecompressionRatio:N0} times"
                );
            }
            if (written > 0)
            {
                return written;
            }
            if (_sourceEnded)
            {
                return AtBoundary
                    ? 0
                    : throw new CorruptDataException(
                        ErrorCodes.Truncated,
                        $"{Where}: the compressed data end too early"
                    );
            }
        }
    }

    /// <summary>True when the input may end here.</summary>
    protected abstract bool AtBoundary { get; }

    /// <summary>Decodes as much as fits; with empty <paramref name="source"/> gives out what is still held.</summary>
    protected abstract void Decode(
        ReadOnlySpan<byte> source,
        Span<byte> destination,
        out int consumed,
        out int written
    );

    protected override void Dispose(bool disposing)
    {
        if (disposing && Interlocked.Exchange(ref _buffer, null) is { } buffer)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        base.Dispose(disposing);
    }
}
