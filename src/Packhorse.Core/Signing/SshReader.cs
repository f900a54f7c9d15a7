using System.Buffers.Binary;
using System.Text;
using Packhorse.Model;

namespace Packhorse.Signing;

/// <summary>Reads values as SSH writes them (RFC 4251, 5).</summary>
/// <param name="where">What is read, for messages.</param>
internal ref struct SshReader(ReadOnlySpan<byte> bytes, string where)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public readonly bool IsAtEnd => _rest.IsEmpty;

    /// <exception cref="CorruptDataException">There are no four bytes.</exception>
    public uint UInt32() => BinaryPrimitives.ReadUInt32BigEndian(Take(sizeof(uint)));

    /// <summary>Bytes with their length before them.</summary>
    /// <exception cref="CorruptDataException">There are fewer.</exception>
    public ReadOnlySpan<byte> Bytes()
    {
        uint length = UInt32();
        return length <= int.MaxValue ? Take((int)length) : throw Cut();
    }

    /// <summary>The name of a key, a namespace or an algorithm.</summary>
    /// <exception cref="CorruptDataException">There is none.</exception>
    public string Text() => Encoding.UTF8.GetString(Bytes());

    /// <summary>An unsigned number without the zeros before it.</summary>
    /// <exception cref="CorruptDataException">There is none, or it is negative.</exception>
    public ReadOnlySpan<byte> Number()
    {
        ReadOnlySpan<byte> number = Bytes();
        return number is [>= 0x80, ..]
            ? throw new CorruptDataException(ErrorCodes.BadSignature, $"{where} has a number that is negative")
            : number.TrimStart((byte)0);
    }

    /// <exception cref="CorruptDataException">There is something left.</exception>
    public readonly void RequireEnd()
    {
        if (!IsAtEnd)
        {
            throw new CorruptDataException(ErrorCodes.BadSignature, $"{where} goes on after its end");
        }
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length)
        {
            throw Cut();
        }
        ReadOnlySpan<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    private readonly CorruptDataException Cut() => new(ErrorCodes.BadSignature, $"{where} is cut off");
}
