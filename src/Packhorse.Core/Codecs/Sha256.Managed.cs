using System.Security.Cryptography;
using Packhorse.Model;

namespace Packhorse.Codecs;

public sealed partial class Sha256
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public void Append(ReadOnlySpan<byte> bytes) => _hash.AppendData(bytes);

    /// <summary>The digest of the bytes so far; more may follow.</summary>
    public Digest Current()
    {
        Span<byte> digest = stackalloc byte[Digest.Size];
        _hash.GetCurrentHash(digest);
        return new Digest(digest);
    }

    /// <summary>The digest of all bytes appended; the object may be used for another sequence afterwards.</summary>
    public Digest Finish()
    {
        Span<byte> digest = stackalloc byte[Digest.Size];
        _hash.GetHashAndReset(digest);
        return new Digest(digest);
    }

    public void Dispose() => _hash.Dispose();
}

public sealed partial class Md5
{
#pragma warning disable CA5351 // MD5 is what some old lock files have; nothing else is decided by it.
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
#pragma warning restore CA5351

    public void Append(ReadOnlySpan<byte> bytes) => _hash.AppendData(bytes);

    /// <inheritdoc cref="Sha256.Current"/>
    public Md5Digest Current()
    {
        Span<byte> digest = stackalloc byte[Md5Digest.Size];
        _hash.GetCurrentHash(digest);
        return new Md5Digest(digest);
    }

    /// <inheritdoc cref="Sha256.Finish"/>
    public Md5Digest Finish()
    {
        Span<byte> digest = stackalloc byte[Md5Digest.Size];
        _hash.GetHashAndReset(digest);
        return new Md5Digest(digest);
    }

    public void Dispose() => _hash.Dispose();
}
