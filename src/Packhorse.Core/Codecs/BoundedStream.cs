using System.Buffers;
using Packhorse.Model;

namespace Packhorse.Codecs;

/// <summary>The next so many bytes of another stream. Does not own it.</summary>
/// <param name="where">The file, for messages.</param>
public sealed class BoundedStream(Stream source, long length, string where) : ReadOnlyStream
{
    /// <summary>Bytes not yet read.</summary>
    public long Remaining { get; private set; } = length;

    /// <exception cref="CorruptDataException">The other stream ends before.</exception>
    public override int Read(Span<byte> buffer)
    {
        int wanted = (int)Math.Min(buffer.Length, Remaining);
        if (wanted == 0)
        {
            return 0;
        }
        int count = source.Read(buffer[..wanted]);
        if (count == 0)
        {
            throw new CorruptDataException(
                ErrorCodes.Truncated,
                $"{where} ends {Remaining:N0} bytes before the end of one of its parts"
            );
        }
        Remaining -= count;
        return count;
    }

    /// <summary>Reads on to the end of the part, where the part itself does not matter.</summary>
    public void Drain()
    {
        byte[] sink = ArrayPool<byte>.Shared.Rent(128 << 10);
        try
        {
            while (Remaining > 0)
            {
                _ = Read(sink);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(sink);
        }
    }
}
