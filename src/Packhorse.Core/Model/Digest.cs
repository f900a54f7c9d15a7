using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Packhorse.Model;

/// <summary>A SHA-256 digest (FIPS 180-4): 32 bytes, written as 64 lower-case hexadecimal digits.</summary>
public readonly record struct Digest
{
    public const int Size = 32;

    private readonly ulong _a;
    private readonly ulong _b;
    private readonly ulong _c;
    private readonly ulong _d;

    /// <param name="bytes">Exactly 32 bytes.</param>
    public Digest(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, Size);
        _a = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _b = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _c = BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]);
        _d = BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]);
    }

    public void CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, _a);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _b);
        BinaryPrimitives.WriteUInt64BigEndian(destination[16..], _c);
        BinaryPrimitives.WriteUInt64BigEndian(destination[24..], _d);
    }

    /// <returns>False unless <paramref name="hex"/> is 64 hexadecimal digits of either case.</returns>
    public static bool TryParse([NotNullWhen(true)] string? hex, out Digest digest)
    {
        Span<byte> bytes = stackalloc byte[Size];
        if (hex is { Length: 2 * Size } && Hexadecimal.TryDecode(hex, bytes))
        {
            digest = new Digest(bytes);
            return true;
        }
        digest = default;
        return false;
    }

    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Size];
        CopyTo(bytes);
        return Convert.ToHexStringLower(bytes);
    }
}

/// <summary>An MD5 digest (RFC 1321): accepted only where a lock file has nothing better.</summary>
public readonly record struct Md5Digest
{
    public const int Size = 16;

    private readonly UInt128 _value;

    /// <param name="bytes">Exactly 16 bytes.</param>
    public Md5Digest(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, Size);
        _value = BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    /// <returns>False unless <paramref name="hex"/> is 32 hexadecimal digits of either case.</returns>
    public static bool TryParse([NotNullWhen(true)] string? hex, out Md5Digest digest)
    {
        Span<byte> bytes = stackalloc byte[Size];
        if (hex is { Length: 2 * Size } && Hexadecimal.TryDecode(hex, bytes))
        {
            digest = new Md5Digest(bytes);
            return true;
        }
        digest = default;
        return false;
    }

    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Size];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, _value);
        return Convert.ToHexStringLower(bytes);
    }
}

internal static class Hexadecimal
{
    public static bool TryDecode(ReadOnlySpan<char> hex, Span<byte> bytes) =>
        Convert.FromHexString(hex, bytes, out int consumed, out int written) == System.Buffers.OperationStatus.Done
        && consumed == hex.Length
        && written == bytes.Length;
}

/// <summary>What is known of some bytes before they are read. Null: not known.</summary>
/// <param name="Size">Length in bytes.</param>
public readonly record struct ExpectedContent(long? Size, Digest? Sha256, Md5Digest? Md5)
{
    /// <summary>True when there is a digest to compare with.</summary>
    public bool IsVerifiable => Sha256 is not null || Md5 is not null;
}
