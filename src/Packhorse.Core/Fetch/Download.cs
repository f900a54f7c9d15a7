using Packhorse.Model;
using Polly;
using Polly.Retry;

namespace Packhorse.Fetch;

/// <summary>What the downloads of one <see cref="Fetcher"/> share.</summary>
internal sealed record DownloadContext(
    FetchOptions Options,
    HttpExchange Exchange,
    DownloadSlots Slots,
    ResiliencePipeline Retries,
    FetchReport Report,
    PackageCache Cache,
    IReporter Reporter
);

/// <summary>
/// One download: rounds over the places that have the file, until it is right, until no place is left, or until so many rounds in a
/// row brought nothing new.
/// </summary>
internal sealed class Download(
    FetchRequest request,
    IReadOnlyList<Place> places,
    Transfer transfer,
    DownloadContext context
)
{
    // What is brought in parts of this is not brought in crumbs.
    private const long WorthwhileBytes = 1 << 20;

    private int _fruitlessAttempts;
    private Place? _brokeOff;
    private long _brought;

    /// <summary>Back-off between rounds. One pipeline serves all downloads.</summary>
    public static ResiliencePipeline CreateRetries(FetchOptions options) =>
        new ResiliencePipelineBuilder { TimeProvider = options.Clock }
            .AddRetry(
                new RetryStrategyOptions
                {
                    ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome.Exception is FruitlessRound),
                    MaxRetryAttempts = options.Retries,
                    BackoffType = DelayBackoffType.Exponential,
                    UseJitter = true,
                    Delay = options.RetryDelay,
                    MaxDelay = options.LongestRetryDelay,
                    Randomizer = options.Randomness,
                    // Null: the back-off above.
                    DelayGenerator = arguments =>
                        ValueTask.FromResult((arguments.Outcome.Exception as FruitlessRound)?.RetryAfter),
                }
            )
            .Build();

    /// <exception cref="PackhorseException">As <see cref="Fetcher.FetchAsync"/> says.</exception>
    public async Task<FetchedContent> RunAsync(CancellationToken cancellation)
    {
        if (request.Prefix is { } prefix)
        {
            // Gigabytes, perhaps: not on the caller's thread.
            await Task.Run(() => transfer.ReadPrefix(prefix, cancellation), cancellation).ConfigureAwait(false);
            if (transfer.IsProvenRight())
            {
                return transfer.Verify();
            }
        }
        try
        {
            while (true)
            {
                FetchedContent? content = await context
                    .Retries.ExecuteAsync(RoundAsync, cancellation)
                    .ConfigureAwait(false);
                if (content is not null)
                {
                    return content.Value;
                }
                if (_brought >= WorthwhileBytes && InOrder() is [var next, ..] && next != _brokeOff)
                {
                    continue;
                }
                // New bytes: the count of retries begins anew. The pause spares a server that gives them in crumbs.
                TimeSpan pause = context.Options.RetryDelay * (0.5 + context.Options.Randomness());
                await Task.Delay(pause, context.Options.Clock, cancellation).ConfigureAwait(false);
            }
        }
        catch (FruitlessRound)
        {
            throw FetchErrors.Of(request, [.. places.Where(place => place.CacheEntry is null)], _fruitlessAttempts);
        }
    }

    // Each place once, as long as nothing new comes. Null: something new has come, but not all.
    private async ValueTask<FetchedContent?> RoundAsync(CancellationToken cancellation)
    {
        TimeSpan? retryAfter = null;
        foreach (Place place in InOrder())
        {
            long before = transfer.NewBytes;
            FetchedContent? content = await TryAsync(place, cancellation).ConfigureAwait(false);
            if (content is not null)
            {
                return content;
            }
            _fruitlessAttempts++;
            if (transfer.NewBytes > before && !place.IsOut)
            {
                _fruitlessAttempts = 0;
                (_brokeOff, _brought) = (place, transfer.NewBytes - before);
                return null;
            }
            retryAfter = Longer(retryAfter, place.LastFailure?.RetryAfter);
        }
        if (places.All(place => place.IsOut))
        {
            throw FetchErrors.Of(request, [.. places.Where(place => place.CacheEntry is null)], attempts: 0);
        }
        throw new FruitlessRound(Shorter(retryAfter, context.Options.LongestRetryAfter));
    }

    private List<Place> InOrder() =>
        [
            .. places
                .Where(place => !place.IsOut)
                .OrderBy(place => transfer.MustStayWith(place) ? 0 : 1)
                .ThenBy(place => place.MirrorFailures),
        ];

    private async Task<FetchedContent?> TryAsync(Place place, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                return await AttemptAsync(place, cancellation).ConfigureAwait(false);
            }
            // However the answer ended: these are the bytes.
            catch (AttemptFailure) when (transfer.IsProvenRight())
            {
                return transfer.Verify();
            }
            catch (AttemptFailure failure)
            {
                place.Failed(failure);
                if (place.CacheEntry is null)
                {
                    context.Report.Add(failure.Host ?? place.Host ?? Place.ThisMachine, failure.Kind);
                }
                context.Reporter.Detail($"{EntryPath.Quote(request.Name)}: {place.Describe(failure)}");
                if (failure.Kind != FetchIncidentKind.WrongBytes)
                {
                    return null;
                }
                DropWrongBytes(place, failure);
                if (request.EndsAtWrongBytes)
                {
                    throw FetchErrors.OfWrongBytes(request, place, failure);
                }
                if (place.IsOut)
                {
                    return null;
                }
            }
        }
    }

    private async Task<FetchedContent> AttemptAsync(Place place, CancellationToken cancellation)
    {
        using IDisposable slot = await context.Slots.EnterAsync(place.Host, cancellation).ConfigureAwait(false);
        transfer.PrepareFor(place);
        if (place.Source.Url is null)
        {
            await Task.Run(() => FileAttempt.Run(place, transfer, cancellation), cancellation).ConfigureAwait(false);
        }
        else
        {
            await new HttpAttempt(context.Exchange, context.Options, place, transfer)
                .RunAsync(cancellation)
                .ConfigureAwait(false);
        }
        return transfer.Verify();
    }

    private void DropWrongBytes(Place place, AttemptFailure failure)
    {
        bool isToBlame = failure.IsInHead || transfer.IsOnlyFrom(place);
        if (!failure.IsInHead || transfer.HasBytesFrom(place))
        {
            transfer.Discard();
        }
        if (isToBlame)
        {
            place.WasWrong();
            if (place.CacheEntry is { } entry)
            {
                context.Cache.Discard(entry, request.Name);
            }
        }
        else
        {
            // Nobody knows whose part was wrong: from now on each place stands for all its bytes.
            transfer.MayMix = false;
        }
    }

    private static TimeSpan? Longer(TimeSpan? a, TimeSpan? b) => a is null || b > a ? b : a;

    private static TimeSpan? Shorter(TimeSpan? a, TimeSpan b) => a > b ? b : a;

    /// <summary>Every place was tried, none brought anything new, some may yet.</summary>
    private sealed class FruitlessRound(TimeSpan? retryAfter) : Exception
    {
        public TimeSpan? RetryAfter { get; } = retryAfter;
    }
}
