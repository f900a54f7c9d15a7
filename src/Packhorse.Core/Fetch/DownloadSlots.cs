using System.Collections.Concurrent;

namespace Packhorse.Fetch;

/// <summary>How many attempts run at once, in all and from one host. An attempt that waits for its retry holds none.</summary>
internal sealed class DownloadSlots(int total, int perHost) : IDisposable
{
    private readonly SemaphoreSlim _total = new(total);
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _hosts = new(StringComparer.Ordinal);

    /// <param name="host">Null for files, which count in the total only.</param>
    /// <returns>To be disposed when the attempt has ended.</returns>
    public async ValueTask<IDisposable> EnterAsync(string? host, CancellationToken cancellation)
    {
        // The host's slot first: an attempt that waits for a crowded host must not keep others from going elsewhere.
        SemaphoreSlim? ofHost = host is null ? null : _hosts.GetOrAdd(host, _ => new SemaphoreSlim(perHost));
        if (ofHost is not null)
        {
            await ofHost.WaitAsync(cancellation).ConfigureAwait(false);
        }
        try
        {
            await _total.WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch
        {
            ofHost?.Release();
            throw;
        }
        return new Slot(_total, ofHost);
    }

    public void Dispose()
    {
        _total.Dispose();
        foreach (SemaphoreSlim ofHost in _hosts.Values)
        {
            ofHost.Dispose();
        }
    }

    private sealed class Slot(SemaphoreSlim total, SemaphoreSlim? ofHost) : IDisposable
    {
        public void Dispose()
        {
            total.Release();
            ofHost?.Release();
        }
    }
}
