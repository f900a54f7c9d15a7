using System.Buffers;

namespace Packhorse.Fetch;

/// <summary>One attempt at bringing the rest of a file over HTTP.</summary>
internal sealed class HttpAttempt(HttpExchange exchange, FetchOptions options, Place place, Transfer transfer)
{
    private const int BufferBytes = 256 << 10;

    // Behind all redirects.
    private string? _host;

    /// <exception cref="AttemptFailure">The end was not reached.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        Uri url = place.Source.Url!;
        place.Credential ??=
            url.Scheme == Source.S3Scheme ? S3Access.KeyFor(url, options) : options.Credentials.Find(url);
        using HttpResponseMessage response = await exchange
            .GetAsync((url, place.Credential), transfer.Position, transfer.ValidatorOf(place), cancellation)
            .ConfigureAwait(false);
        _host = Answer.HostOf(response);
        place.AnsweredBy = Answer.SignatureOf(response);
        Answer answer = Answer.Judge(response, place, transfer, options.Clock);
        if (answer.Total is null && options.AsksForTransferStatus)
        {
            long? total = await exchange
                .GetLengthAsync((response.RequestMessage!.RequestUri!, null), cancellation)
                .ConfigureAwait(false);
            answer = answer with { Total = total, End = answer.End ?? total };
        }
        if (answer.Start < transfer.Position)
        {
            // The whole instead of the rest: the file has changed, or the server knows no ranges.
            transfer.Restart();
        }
        transfer.Begin(place, answer.Total, answer.ETag);
        long before = transfer.NewBytes;
        if (answer.End != transfer.Position)
        {
            Stream body = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
            await CopyAsync(body, answer.End, cancellation).ConfigureAwait(false);
            RequireGoodStatus(response);
        }
        RequireEnd(answer, transfer.NewBytes > before);
    }

    private async Task CopyAsync(Stream body, long? end, CancellationToken cancellation)
    {
        using var silence = new CancellationTokenSource(Timeout.InfiniteTimeSpan, options.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, silence.Token);
        // Not given back after a failure: a read that was cancelled may still hold it.
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        var pace = new Pace(options);
        while (true)
        {
            int count;
            try
            {
                silence.CancelAfter(options.SilenceTimeout);
                count = await body.ReadAsync(buffer, either.Token).ConfigureAwait(false);
                // A slow disk is no silence of the server.
                silence.CancelAfter(Timeout.InfiniteTimeSpan);
            }
            catch (OperationCanceledException error)
            {
                cancellation.ThrowIfCancellationRequested();
                string limit = $"{options.SilenceTimeout.TotalSeconds:0.###} s";
                throw Broken(FetchIncidentKind.TimedOut, $"nothing came for {limit} after byte", error);
            }
            catch (Exception error) when (error is IOException or HttpRequestException)
            {
                cancellation.ThrowIfCancellationRequested();
                throw Broken(FetchIncidentKind.Cut, "the connection was cut at byte", error);
            }
            if (count == 0)
            {
                break;
            }
            if (transfer.Position + count > end)
            {
                throw new AttemptFailure(FetchIncidentKind.WrongBytes, $"it served more than {end:N0} bytes")
                {
                    Host = _host,
                    IsAboutSize = true,
                };
            }
            transfer.Write(place, buffer.AsSpan(0, count));
            if (pace.IsTooSlowAfter(count))
            {
                throw Broken(
                    FetchIncidentKind.TimedOut,
                    $"it brought less than {options.SlowestRate:N0} bytes a second at byte",
                    null
                );
            }
        }
        ArrayPool<byte>.Shared.Return(buffer);
    }

    // Behind the body: what went wrong when the status was sent long ago.
    private void RequireGoodStatus(HttpResponseMessage response)
    {
        if (
            response.TrailingHeaders.TryGetValues("X-Transfer-Status", out IEnumerable<string>? values)
            && values.FirstOrDefault() is { } status
            && !status.TrimStart().StartsWith("200", StringComparison.Ordinal)
        )
        {
            throw Broken(FetchIncidentKind.Cut, $"it ended with {Model.EntryPath.Quote(status)} at byte", null);
        }
    }

    // A proxy may end a body properly although its own source was cut. As long as an attempt brings something, the next one can
    // find out by asking for the rest; the digest has the last word.
    private void RequireEnd(Answer answer, bool broughtNewBytes)
    {
        bool isShort = transfer.Total is { } total
            ? transfer.Position < total
            : !answer.MarksItsEnd && !transfer.DigestIsRight();
        bool willBeCompared = transfer.ExpectedSize is not null || transfer.Total is null;
        if (isShort && (broughtNewBytes || !willBeCompared))
        {
            throw Broken(FetchIncidentKind.Cut, "the answer ended at byte", null);
        }
    }

    private AttemptFailure Broken(FetchIncidentKind kind, string what, Exception? error)
    {
        string total = transfer.Total is { } bytes ? $" of {bytes:N0}" : "";
        return new AttemptFailure(kind, $"{what} {transfer.Position:N0}{total}", error) { Host = _host };
    }
}
