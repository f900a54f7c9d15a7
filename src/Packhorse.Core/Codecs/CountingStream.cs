using Packhorse.Model;

namespace Packhorse.Codecs;

/// <summary>Counts the bytes that pass. Does not own the stream below.</summary>
internal sealed class CountingStream(Stream source) : ReadOnlyStream
{
    public long Count { get; private set; }

    public override int Read(Span<byte> buffer)
    {
        int count = source.Read(buffer);
        Count += count;
        return count;
    }

    public override int ReadByte()
    {
        int value = source.ReadByte();
        Count += value < 0 ? 0 : 1;
        return value;
    }
}
