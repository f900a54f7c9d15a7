using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Fetch;

/// <summary>
/// Brings files from http(s) servers, S3 buckets and this machine: verified while they stream into their target, resumed where they were
/// cut, retried, and taken from the next mirror where one fails. Any number of downloads at once; <see cref="FetchOptions"/> limits
/// how many of them run.
/// </summary>
public sealed class Fetcher : IAsyncDisposable
{
    private readonly MirrorMap _mirrors;
    private readonly DownloadContext _context;

    /// <param name="reporter">Told the bytes of all downloads, negative ones where bytes are thrown away, and each failed attempt as
    /// a detail.</param>
    /// <param name="cache">What was brought before; null: nothing.</param>
    public Fetcher(FetchOptions options, MirrorMap mirrors, IReporter reporter, PackageCache? cache = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Downloads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.DownloadsPerHost, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Retries, 1);
        _mirrors = mirrors;
        _context = new DownloadContext(
            options,
            new HttpExchange(options),
            new DownloadSlots(options.Downloads, options.DownloadsPerHost),
            Download.CreateRetries(options),
            new FetchReport(),
            cache ?? PackageCache.None,
            reporter
        );
    }

    /// <summary>What failed on the way, whether or not it was made good.</summary>
    public FetchReport Report => _context.Report;

    /// <summary>Brings one file. Ends when all bytes are in the target and have been compared with what was expected.</summary>
    /// <exception cref="UsageException">The URL is none, or of a kind that cannot be read.</exception>
    /// <exception cref="NotFoundException">No place has the file.</exception>
    /// <exception cref="CorruptDataException">What was served is not what was expected.</exception>
    /// <exception cref="TransientException">Given up after <see cref="FetchOptions.Retries"/> rounds without a new byte.</exception>
    /// <exception cref="SystemRefusedException">Credentials lack, or a file may not be read.</exception>
    /// <exception cref="OperationFailedException">A server refused for another reason, or its certificate is not trusted.</exception>
    public async Task<FetchedContent> FetchAsync(
        FetchRequest request,
        IFetchTarget target,
        CancellationToken cancellation
    )
    {
        IReadOnlyList<Place> places =
            request.Alternatives.Count == 0 ? Place.Of(request.Url, _mirrors) : Place.OfAlternatives(request);
        // Caching what lies on this machine would only be a second copy.
        return request.Expected.Sha256 is { } sha256 && places.Any(place => place.Source.Url is not null)
            ? await FetchCachedAsync(request, (places, sha256), target, cancellation).ConfigureAwait(false)
            : await RunAsync(request, places, target, cancellation).ConfigureAwait(false);
    }

    private async Task<FetchedContent> FetchCachedAsync(
        FetchRequest request,
        (IReadOnlyList<Place> Places, Digest Sha256) of,
        IFetchTarget target,
        CancellationToken cancellation
    )
    {
        IEnumerable<Place> cached = _context
            .Cache.Find(of.Sha256, request.Url)
            .Where(entry => FileTree.FileExists(entry.Path))
            .Select(entry => new Place(Source.Parse(entry.Path), null) { CacheEntry = entry });
        using var caching = new CachingTarget(target, _context.Cache, of.Sha256);
        FetchedContent content = await RunAsync(request, [.. cached, .. of.Places], caching, cancellation)
            .ConfigureAwait(false);
        caching.Complete(content.Length);
        return content;
    }

    private async Task<FetchedContent> RunAsync(
        FetchRequest request,
        IReadOnlyList<Place> places,
        IFetchTarget target,
        CancellationToken cancellation
    )
    {
        using var transfer = new Transfer(request, target, _context.Reporter);
        return await new Download(request, places, transfer, _context).RunAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Closes the connections. Downloads have to have ended.</summary>
    public ValueTask DisposeAsync()
    {
        _context.Exchange.Dispose();
        _context.Slots.Dispose();
        return ValueTask.CompletedTask;
    }
}
