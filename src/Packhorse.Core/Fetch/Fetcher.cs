using Packhorse.Model;

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
    public Fetcher(FetchOptions options, MirrorMap mirrors, IReporter reporter)
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
