using Packhorse.Model;

namespace Packhorse.Codecs;

/// <summary>Passes a stream through and digests it, where what is expected is not known yet. Does not own it.</summary>
/// <param name="withMd5">MD5 too: what is expected may turn out to have nothing better.</param>
public sealed class DigestingStream(Stream source, bool withMd5, Action<int> progress) : ReadOnlyStream
{
    private readonly Sha256 _sha256 = new();
    private readonly Md5? _md5 = withMd5 ? new Md5() : null;

    /// <summary>Bytes that have passed.</summary>
    public long Count { get; private set; }

    public override int Read(Span<byte> buffer)
    {
        int count = source.Read(buffer);
        _sha256.Append(buffer[..count]);
        _md5?.Append(buffer[..count]);
        Count += count;
        progress(count);
        return count;
    }

    /// <summary>The digests of what has passed.</summary>
    public (Digest Sha256, Md5Digest? Md5) Finish() => (_sha256.Finish(), _md5?.Finish());

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _sha256.Dispose();
            _md5?.Dispose();
        }
        base.Dispose(disposing);
    }
}
