using System.Security.Cryptography;

namespace Packhorse.Codecs;

public sealed partial class Sha512
{
    private readonly IncrementalHash _hash;

    /// <param name="bytes"><see cref="Bytes"/> or <see cref="ShortBytes"/>.</param>
    public Sha512(int bytes) =>
        _hash = IncrementalHash.CreateHash(bytes == ShortBytes ? HashAlgorithmName.SHA384 : HashAlgorithmName.SHA512);

    public void Append(ReadOnlySpan<byte> bytes) => _hash.AppendData(bytes);

    /// <summary>The digest of all bytes appended.</summary>
    public byte[] Finish() => _hash.GetHashAndReset();

    public void Dispose() => _hash.Dispose();
}
