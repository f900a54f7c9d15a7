using Packhorse.Codecs;
using Packhorse.Model;

namespace Packhorse.Fetch;

/// <summary>The running digests of one download.</summary>
/// <param name="withMd5">Only where a lock file has nothing better.</param>
internal sealed class ContentHash(bool withMd5) : IDisposable
{
    private readonly Sha256 _sha256 = new();
    private readonly Md5? _md5 = withMd5 ? new Md5() : null;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        _sha256.Append(bytes);
        _md5?.Append(bytes);
    }

    /// <summary>Of the bytes so far; more may follow.</summary>
    public Digest Sha256() => _sha256.Current();

    /// <inheritdoc cref="Sha256"/>
    public Md5Digest Md5() => _md5!.Current();

    public void Restart()
    {
        _ = _sha256.Finish();
        _ = _md5?.Finish();
    }

    public void Dispose()
    {
        _sha256.Dispose();
        _md5?.Dispose();
    }
}
