using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Fetch;

/// <summary>
/// Passes bytes on, and keeps them for the cache on the way. Where the first byte does not come by here, because an earlier run had
/// brought a part, or where the cache fails, it only passes them on.
/// </summary>
internal sealed class CachingTarget(IFetchTarget target, PackageCache cache, Digest sha256) : IFetchTarget, IDisposable
{
    private OutputFile? _file;
    private long _kept;

    public void Begin(long? totalLength) => target.Begin(totalLength);

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        target.Write(offset, bytes);
        if (offset == 0 && _kept == 0 && !cache.Has(sha256))
        {
            _file ??= cache.Begin(sha256);
        }
        if (_file is null || offset != _kept)
        {
            return;
        }
        try
        {
            _file.Write(bytes, offset);
            _kept += bytes.Length;
        }
        catch (SystemRefusedException error)
        {
            Drop();
            cache.Refuse(error);
        }
    }

    public void Restart()
    {
        target.Restart();
        Drop();
    }

    /// <summary>The target has all bytes, and they are right.</summary>
    public void Complete(long length)
    {
        if (_file is not null && _kept == length)
        {
            cache.Admit(_file);
        }
    }

    public void Dispose() => Drop();

    private void Drop()
    {
        _file?.Dispose();
        _file = null;
        _kept = 0;
    }
}
