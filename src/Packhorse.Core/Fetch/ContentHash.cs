using System.Security.Cryptography;
using Packhorse.Model;

namespace Packhorse.Fetch;

/// <summary>The running digests of one download; the only place of this room that names an implementation.</summary>
internal sealed class ContentHash : IDisposable
{
    private readonly IncrementalHash _sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly IncrementalHash? _md5;

    /// <param name="withMd5">Only where a lock file has nothing better.</param>
    public ContentHash(bool withMd5)
    {
        _md5 = withMd5 ? IncrementalHash.CreateHash(HashAlgorithmName.MD5) : null;
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        _sha256.AppendData(bytes);
        _md5?.AppendData(bytes);
    }

    /// <summary>Of the bytes so far; more may follow.</summary>
    public Digest Sha256()
    {
        Span<byte> digest = stackalloc byte[Digest.Size];
        _sha256.GetCurrentHash(digest);
        return new Digest(digest);
    }

    /// <inheritdoc cref="Sha256"/>
    public Md5Digest Md5()
    {
        Span<byte> digest = stackalloc byte[Md5Digest.Size];
        _md5!.GetCurrentHash(digest);
        return new Md5Digest(digest);
    }

    public void Restart()
    {
        Span<byte> digest = stackalloc byte[Digest.Size];
        _sha256.GetHashAndReset(digest);
        _md5?.GetHashAndReset(digest);
    }

    public void Dispose()
    {
        _sha256.Dispose();
        _md5?.Dispose();
    }
}
