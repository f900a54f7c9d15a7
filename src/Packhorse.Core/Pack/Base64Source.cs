using System.Buffers;
using System.Buffers.Text;
using Packhorse.Model;

namespace Packhorse.Pack;

/// <summary>Bytes that are stored as one line of base64 (RFC 4648, section 4, with padding), decoded where they are read.</summary>
internal sealed class Base64Source : IRandomAccess
{
    private const int BlockBytes = 64 << 10;

    private readonly IRandomAccess _file;
    private readonly long _offset;
    private readonly string _where;

    /// <param name="length">Of the line, without what ends it.</param>
    /// <exception cref="CorruptDataException">No base64 has that length.</exception>
    public Base64Source(IRandomAccess file, long offset, long length, string where)
    {
        (_file, _offset, _where) = (file, offset, where);
        if (length % 4 != 0)
        {
            throw Damaged();
        }
        Span<byte> end = stackalloc byte[2];
        if (length > 0)
        {
            file.ReadExactly(end, offset + length - 2, where);
        }
        Length = (length / 4 * 3) - end.Count((byte)'=');
    }

    public long Length { get; }

    public int Read(Span<byte> destination, long offset)
    {
        int wanted = (int)Math.Clamp(Length - offset, 0, destination.Length);
        byte[] block = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            int done = 0;
            while (done < wanted)
            {
                done += ReadBlock(block.AsSpan(0, BlockBytes), destination[done..wanted], offset + done);
            }
            return wanted;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    // From the group of four characters that holds the first byte on.
    private int ReadBlock(Span<byte> block, Span<byte> destination, long offset)
    {
        long group = offset / 3;
        int skip = (int)(offset % 3);
        int groups = (int)Math.Min(block.Length / 4, (skip + (long)destination.Length + 2) / 3);
        Span<byte> characters = block[..(groups * 4)];
        _file.ReadExactly(characters, _offset + (group * 4), _where);
        if (Base64.DecodeFromUtf8InPlace(characters, out int decoded) != OperationStatus.Done || decoded <= skip)
        {
            throw Damaged();
        }
        int count = Math.Min(decoded - skip, destination.Length);
        characters.Slice(skip, count).CopyTo(destination);
        return count;
    }

    private CorruptDataException Damaged() =>
        new(ErrorCodes.Malformed, $"{_where} is damaged: its archive is not base64");
}
