using Packhorse.Model;

namespace Packhorse.Codecs;

/// <summary>A stream of which the next bytes can be looked at before they are taken. Does not own the stream below.</summary>
internal sealed class LookaheadStream(Stream source) : ReadOnlyStream
{
    private readonly byte[] _buffer = new byte[64 << 10];
    private int _start;
    private int _end;

    /// <summary>The bytes held, at least <paramref name="count"/> of them unless the stream ends before.</summary>
    public ReadOnlySpan<byte> Peek(int count)
    {
        if (_end - _start < count)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
            _end += source.ReadAtLeast(_buffer.AsSpan(_end), count - _end, throwOnEndOfStream: false);
        }
        return _buffer.AsSpan(_start, _end - _start);
    }

    /// <summary>Takes bytes that were looked at.</summary>
    public void Take(int count) => _start += count;

    public override int Read(Span<byte> buffer)
    {
        if (_start == _end)
        {
            if (buffer.Length >= _buffer.Length)
            {
                return source.Read(buffer);
            }
            _start = 0;
            _end = source.Read(_buffer);
        }
        int count = Math.Min(buffer.Length, _end - _start);
        _buffer.AsSpan(_start, count).CopyTo(buffer);
        _start += count;
        return count;
    }
}
