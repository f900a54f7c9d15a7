using System.Buffers.Text;

namespace Packhorse.Codecs;

/// <summary>Writes base64 (RFC 4648, padded, no line breaks) of what is written to it. Does not own the stream below.</summary>
internal sealed class Base64Stream(Stream below) : Stream
{
    // Groups of three bytes become four characters.
    private const int BlockBytes = 3 * 32768;

    private readonly byte[] _block = new byte[BlockBytes];
    private readonly byte[] _text = new byte[BlockBytes / 3 * 4];
    private int _held;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            int count = Math.Min(buffer.Length, BlockBytes - _held);
            buffer[..count].CopyTo(_block.AsSpan(_held));
            _held += count;
            buffer = buffer[count..];
            if (_held == BlockBytes)
            {
                Encode();
            }
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <summary>Nothing more is written: what is held gets its padding.</summary>
    public void Complete() => Encode();

    public override void Flush() => below.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private void Encode()
    {
        _ = Base64.EncodeToUtf8(_block.AsSpan(0, _held), _text, out _, out int written);
        below.Write(_text, 0, written);
        _held = 0;
    }
}
