using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Packhorse.Model;

namespace Packhorse.Signing;

/// <summary>A detached signature as <c>ssh-keygen -Y sign</c> writes it (OpenSSH, PROTOCOL.sshsig, version 1).</summary>
internal sealed record SshSignature
{
    private const uint Version = 1;
    private const string Begin = "-----BEGIN SSH SIGNATURE-----";
    private const string End = "-----END SSH SIGNATURE-----";

    private static ReadOnlySpan<byte> Magic => "SSHSIG"u8;

    public required SshPublicKey Key { get; init; }

    /// <summary>What the signature is for; a signature for something else counts for nothing.</summary>
    public required string Namespace { get; init; }

    /// <summary>Of the content; the signature is over its digest.</summary>
    public required HashAlgorithmName Hash { get; init; }

    private byte[] Reserved { get; init; } = [];

    private string HashName => Hash == HashAlgorithmName.SHA256 ? "sha256" : "sha512";

    private byte[] Value { get; init; } = [];

    /// <param name="where">What is read, for messages.</param>
    /// <exception cref="CorruptDataException">It is no signature, or damaged.</exception>
    /// <exception cref="IncompatibleException">Of another version, or by a kind of key that is not known.</exception>
    public static SshSignature Parse(ReadOnlySpan<byte> armored, string where)
    {
        byte[] blob = Unarmor(armored, where);
        if (!blob.AsSpan().StartsWith(Magic))
        {
            throw NoSignature(where);
        }
        var reader = new SshReader(blob.AsSpan(Magic.Length), where);
        if (reader.UInt32() is not Version and var version)
        {
            throw new IncompatibleException(
                ErrorCodes.NewerFormat,
                $"{where} is a signature of version {version}, known is {Version}"
            );
        }
        ReadOnlySpan<byte> key = reader.Bytes();
        string purpose = reader.Text();
        byte[] reserved = reader.Bytes().ToArray();
        string hash = reader.Text();
        byte[] value = reader.Bytes().ToArray();
        reader.RequireEnd();
        return new SshSignature
        {
            Key = SshPublicKey.Parse(key, where),
            Namespace = purpose,
            Hash = hash switch
            {
                "sha256" => HashAlgorithmName.SHA256,
                "sha512" => HashAlgorithmName.SHA512,
                _ => throw new CorruptDataException(
                    ErrorCodes.BadSignature,
                    $"{where}: {EntryPath.Quote(hash)} is no digest that signatures have"
                ),
            },
            Reserved = reserved,
            Value = value,
        };
    }

    /// <param name="digest">Of the content, by <see cref="Hash"/>.</param>
    /// <exception cref="CorruptDataException">What it holds is no signature of such a key.</exception>
    public bool Verifies(ReadOnlySpan<byte> digest, string where)
    {
        var signed = new MemoryStream();
        signed.Write(Magic);
        Write(signed, Encoding.UTF8.GetBytes(Namespace));
        Write(signed, Reserved);
        Write(signed, Encoding.ASCII.GetBytes(HashName));
        Write(signed, digest);
        return Key.Verifies(signed.ToArray(), Value, where);
    }

    private static void Write(MemoryStream output, ReadOnlySpan<byte> bytes)
    {
        Span<byte> length = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(length, (uint)bytes.Length);
        output.Write(length);
        output.Write(bytes);
    }

    private static byte[] Unarmor(ReadOnlySpan<byte> armored, string where)
    {
        string text = Encoding.Latin1.GetString(armored).Trim();
        if (!text.StartsWith(Begin, StringComparison.Ordinal))
        {
            throw NoSignature(where);
        }
        if (!text.EndsWith(End, StringComparison.Ordinal) || text.Length < Begin.Length + End.Length)
        {
            throw new CorruptDataException(
                ErrorCodes.BadSignature,
                $"{where} is cut off: the end of the signature is missing"
            )
            {
                Hint = "copy or download the signature again",
            };
        }
        try
        {
            return Convert.FromBase64String(text[Begin.Length..^End.Length]);
        }
        catch (FormatException error)
        {
            throw new CorruptDataException(ErrorCodes.BadSignature, $"{where} is damaged: it is no base64", error);
        }
    }

    private static CorruptDataException NoSignature(string where) =>
        new(ErrorCodes.BadSignature, $"{where} is no signature of SSH")
        {
            Hint = "packhorse sign, or ssh-keygen -Y sign -n packhorse, makes one",
        };
}
