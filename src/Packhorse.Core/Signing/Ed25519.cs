using System.Numerics;
using System.Security.Cryptography;

namespace Packhorse.Signing;

/// <summary>
/// Verifies signatures of Ed25519 (RFC 8032, 5.1). Only public values come in, so that nothing here has to take the same time for
/// all of them.
/// </summary>
internal static class Ed25519
{
    public const int KeyBytes = 32;
    public const int SignatureBytes = 64;

    // 2^255 - 19
    private static readonly BigInteger P = BigInteger.Pow(2, 255) - 19;

    // The order of the base point.
    private static readonly BigInteger L =
        BigInteger.Pow(2, 252) + BigInteger.Parse("27742317777372353535851937790883648493", null);

    // -121665/121666
    private static readonly BigInteger D = Modulo(-121665 * Inverse(121666));

    // A square root of -1.
    private static readonly BigInteger RootOfMinusOne = BigInteger.ModPow(2, (P - 1) / 4, P);

    private static readonly Point Base = Decode([0x58, .. Enumerable.Repeat((byte)0x66, KeyBytes - 1)])!.Value;

    /// <returns>False also for what is no key or no signature.</returns>
    public static bool Verify(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (key.Length != KeyBytes || signature.Length != SignatureBytes || Decode(key) is not { } a)
        {
            return false;
        }
        ReadOnlySpan<byte> r = signature[..KeyBytes];
        var s = new BigInteger(signature[KeyBytes..], isUnsigned: true);
        if (s >= L)
        {
            return false;
        }
        byte[] digest = SHA512.HashData([.. r, .. key, .. message]);
        BigInteger k = new BigInteger(digest, isUnsigned: true) % L;
        // R = [S]B - [k]A, compared as it is written, so that only one way to write it is accepted.
        return Encode(Add(Multiply(s, Base), Multiply(k, Negate(a)))).AsSpan().SequenceEqual(r);
    }

    // Extended coordinates: x = X/Z, y = Y/Z, x y = T/Z.
    private readonly record struct Point(BigInteger X, BigInteger Y, BigInteger Z, BigInteger T);

    private static Point Add(Point p, Point q)
    {
        BigInteger a = Modulo((p.Y - p.X) * (q.Y - q.X));
        BigInteger b = Modulo((p.Y + p.X) * (q.Y + q.X));
        BigInteger c = Modulo(2 * p.T * Modulo(q.T * D));
        BigInteger d = Modulo(2 * p.Z * q.Z);
        BigInteger e = b - a;
        BigInteger f = d - c;
        BigInteger g = d + c;
        BigInteger h = b + a;
        return new Point(Modulo(e * f), Modulo(g * h), Modulo(f * g), Modulo(e * h));
    }

    private static Point Multiply(BigInteger scalar, Point point)
    {
        var sum = new Point(0, 1, 1, 0);
        for (long bit = (long)scalar.GetBitLength() - 1; bit >= 0; bit--)
        {
            sum = Add(sum, sum);
            if (!((scalar >> (int)bit) & 1).IsZero)
            {
                sum = Add(sum, point);
            }
        }
        return sum;
    }

    private static Point Negate(Point point) => point with { X = Modulo(-point.X), T = Modulo(-point.T) };

    private static byte[] Encode(Point point)
    {
        BigInteger inverse = Inverse(point.Z);
        BigInteger x = Modulo(point.X * inverse);
        var encoded = new byte[KeyBytes];
        Modulo(point.Y * inverse).TryWriteBytes(encoded, out _, isUnsigned: true);
        encoded[^1] |= x.IsEven ? (byte)0 : (byte)0x80;
        return encoded;
    }

    // 5.1.3; null for what is no point.
    private static Point? Decode(ReadOnlySpan<byte> encoded)
    {
        byte[] bytes = encoded.ToArray();
        bool isOdd = (bytes[^1] & 0x80) != 0;
        bytes[^1] &= 0x7F;
        var y = new BigInteger(bytes, isUnsigned: true);
        if (y >= P)
        {
            return null;
        }
        BigInteger u = Modulo((y * y) - 1);
        BigInteger square = Modulo(u * Inverse(Modulo((D * y * y) + 1)));
        BigInteger x = BigInteger.ModPow(square, (P + 3) / 8, P);
        if (Modulo(x * x) != square)
        {
            x = Modulo(x * RootOfMinusOne);
        }
        if (Modulo(x * x) != square || (x.IsZero && isOdd))
        {
            return null;
        }
        x = x.IsEven == isOdd ? P - x : x;
        return new Point(x, y, 1, Modulo(x * y));
    }

    private static BigInteger Inverse(BigInteger value) => BigInteger.ModPow(Modulo(value), P - 2, P);

    private static BigInteger Modulo(BigInteger value)
    {
        BigInteger rest = value % P;
        return rest.Sign < 0 ? rest + P : rest;
    }
}
