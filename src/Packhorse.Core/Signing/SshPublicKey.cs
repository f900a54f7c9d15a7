using System.Security.Cryptography;
using Packhorse.Model;

namespace Packhorse.Signing;

/// <summary>A public key as SSH has it: ssh-ed25519, ecdsa-sha2-nistp256, 384 and 521, ssh-rsa.</summary>
internal sealed class SshPublicKey
{
    // Of OpenSSH: shorter ones are refused, longer ones are none of it.
    private const int FewestRsaBits = 1024;
    private const int MostRsaBits = 16384;

    private readonly byte[] _blob;

    private SshPublicKey(string type, byte[] blob) => (Type, _blob) = (type, blob);

    public string Type { get; }

    internal ReadOnlySpan<byte> Blob => _blob;

    /// <summary>As <c>ssh-keygen -l</c> prints it.</summary>
    public string Fingerprint => $"SHA256:{Convert.ToBase64String(SHA256.HashData(_blob)).TrimEnd('=')}";

    /// <param name="where">What is read, for messages.</param>
    /// <exception cref="CorruptDataException">It is no key.</exception>
    /// <exception cref="IncompatibleException">It is one of a kind that is not known here.</exception>
    internal static SshPublicKey Parse(ReadOnlySpan<byte> blob, string where)
    {
        var reader = new SshReader(blob, where);
        string type = reader.Text();
        var key = new SshPublicKey(type, blob.ToArray());
        try
        {
            // All of it is looked at now, so that what is no key is told as such.
            using IDisposable? parsed = key.Open(where);
        }
        catch (CryptographicException error)
        {
            throw new CorruptDataException(
                ErrorCodes.BadSignature,
                $"{where}: the {type} key is no point or number",
                error
            );
        }
        return key;
    }

    /// <param name="signature">With the name of its algorithm, as in an SSH signature.</param>
    /// <exception cref="CorruptDataException">It is no signature of such a key.</exception>
    internal bool Verifies(ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature, string where)
    {
        var reader = new SshReader(signature, where);
        string algorithm = reader.Text();
        ReadOnlySpan<byte> value = reader.Bytes();
        reader.RequireEnd();
        try
        {
            using IDisposable? key = Open(where);
            return (key, algorithm) switch
            {
                (null, "ssh-ed25519") => Ed25519.Verify(PointOf(_blob, where), signed, value),
                (RSA rsa, "rsa-sha2-256") => Verify(rsa, signed, value, HashAlgorithmName.SHA256),
                (RSA rsa, "rsa-sha2-512") => Verify(rsa, signed, value, HashAlgorithmName.SHA512),
                (ECDsa ecdsa, _) when algorithm == Type => Verify(ecdsa, signed, value, where),
                _ => throw new CorruptDataException(
                    ErrorCodes.BadSignature,
                    $"{where}: {EntryPath.Quote(algorithm)} is no algorithm for a {Type} key"
                ),
            };
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>Its kind and fingerprint.</summary>
    public override string ToString() => $"{Type} {Fingerprint}";

    // Null for Ed25519, which the framework does not have.
    private AsymmetricAlgorithm? Open(string where)
    {
        var reader = new SshReader(_blob, where);
        _ = reader.Bytes();
        switch (Type)
        {
            case "ssh-ed25519":
                if (reader.Bytes().Length != Ed25519.KeyBytes)
                {
                    throw new CorruptDataException(
                        ErrorCodes.BadSignature,
                        $"{where}: the key is too short or too long"
                    );
                }
                reader.RequireEnd();
                return null;
            case "ssh-rsa":
                return OpenRsa(reader, where);
            case "ecdsa-sha2-nistp256":
                return OpenEcdsa(reader, ECCurve.NamedCurves.nistP256, where);
            case "ecdsa-sha2-nistp384":
                return OpenEcdsa(reader, ECCurve.NamedCurves.nistP384, where);
            case "ecdsa-sha2-nistp521":
                return OpenEcdsa(reader, ECCurve.NamedCurves.nistP521, where);
            default:
                throw new IncompatibleException(
                    ErrorCodes.UnsupportedHere,
                    $"{where}: keys of the kind {EntryPath.Quote(Type)} are not known here"
                )
                {
                    Hint =
                        "known are ssh-ed25519, ecdsa-sha2-nistp256, 384 and 521, and ssh-rsa; ssh-keygen -Y verify -n packhorse may know it",
                };
        }
    }

    private static ReadOnlySpan<byte> PointOf(byte[] blob, string where)
    {
        var reader = new SshReader(blob, where);
        _ = reader.Bytes();
        return reader.Bytes();
    }

    private static RSA OpenRsa(SshReader reader, string where)
    {
        byte[] exponent = reader.Number().ToArray();
        byte[] modulus = reader.Number().ToArray();
        reader.RequireEnd();
        if (modulus.Length is < FewestRsaBits / 8 or > MostRsaBits / 8 || exponent.Length is < 1 or > 8)
        {
            throw new CorruptDataException(
                ErrorCodes.BadSignature,
                $"{where}: an RSA key of {8 * modulus.Length:N0} bits; {FewestRsaBits:N0} to {MostRsaBits:N0} are accepted"
            );
        }
        return RSA.Create(new RSAParameters { Exponent = exponent, Modulus = modulus });
    }

    private ECDsa OpenEcdsa(SshReader reader, ECCurve curve, string where)
    {
        string name = reader.Text();
        byte[] point = reader.Bytes().ToArray();
        reader.RequireEnd();
        int bytes = CoordinateBytes;
        if ($"ecdsa-sha2-{name}" != Type || point.Length != 1 + (2 * bytes) || point[0] != 4)
        {
            throw new CorruptDataException(ErrorCodes.BadSignature, $"{where}: the key is no point of its curve");
        }
        var q = new ECPoint { X = point[1..(1 + bytes)], Y = point[(1 + bytes)..] };
        return ECDsa.Create(new ECParameters { Curve = curve, Q = q });
    }

    private int CoordinateBytes =>
        Type switch
        {
            "ecdsa-sha2-nistp256" => 32,
            "ecdsa-sha2-nistp384" => 48,
            _ => 66,
        };

    private static bool Verify(RSA rsa, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> value, HashAlgorithmName hash)
    {
        int bytes = (rsa.KeySize + 7) / 8;
        if (value.Length > bytes)
        {
            return false;
        }
        // OpenSSH writes it without zeros at its begin.
        var padded = new byte[bytes];
        value.CopyTo(padded.AsSpan(bytes - value.Length));
        return rsa.VerifyData(signed, padded, hash, RSASignaturePadding.Pkcs1);
    }

    private bool Verify(ECDsa ecdsa, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> value, string where)
    {
        var reader = new SshReader(value, where);
        ReadOnlySpan<byte> r = reader.Number();
        ReadOnlySpan<byte> s = reader.Number();
        reader.RequireEnd();
        int bytes = CoordinateBytes;
        if (r.Length > bytes || s.Length > bytes)
        {
            return false;
        }
        var both = new byte[2 * bytes];
        r.CopyTo(both.AsSpan(bytes - r.Length));
        s.CopyTo(both.AsSpan((2 * bytes) - s.Length));
        HashAlgorithmName hash = bytes switch
        {
            32 => HashAlgorithmName.SHA256,
            48 => HashAlgorithmName.SHA384,
            _ => HashAlgorithmName.SHA512,
        };
        return ecdsa.VerifyData(signed, both, hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }
}
