using System.Net;
using System.Net.Http.Headers;

namespace Packhorse.Fetch;

/// <summary>What the head of an answer says about its body, found fit for a transfer.</summary>
/// <param name="Start">Offset of the first byte: where the transfer stands, or 0.</param>
/// <param name="End">Offset behind the last byte that this body may have; null when not known.</param>
/// <param name="Total">Bytes of the whole file; null when not said.</param>
/// <param name="ETag">Strong, with its quotation marks.</param>
/// <param name="MarksItsEnd">A body that breaks off can be told from one that ends.</param>
internal readonly record struct Answer(long Start, long? End, long? Total, string? ETag, bool MarksItsEnd)
{
    /// <exception cref="AttemptFailure">The answer is of no use for <paramref name="transfer"/>.</exception>
    public static Answer Judge(HttpResponseMessage response, Place place, Transfer transfer, TimeProvider clock)
    {
        switch (response.StatusCode)
        {
            case HttpStatusCode.OK:
                return Whole(response, transfer);
            case HttpStatusCode.PartialContent when transfer.Position > 0:
                return Part(response, place, transfer);
            case HttpStatusCode.RequestedRangeNotSatisfiable when transfer.Position > 0:
                return NothingLeft(response, transfer);
        }
        int status = (int)response.StatusCode;
        FetchIncidentKind kind = status switch
        {
            404 or 410 => FetchIncidentKind.NotFound,
            401 or 403 or 407 => FetchIncidentKind.Denied,
            408 or 425 or 429 => FetchIncidentKind.Busy,
            >= 500 => FetchIncidentKind.ServerError,
            _ => FetchIncidentKind.Rejected,
        };
        string difference =
            kind == FetchIncidentKind.Denied ? ClockDifference(response.Headers.Date, clock.GetUtcNow()) : "";
        throw new AttemptFailure(kind, $"it answered {status}{difference}")
        {
            Host = status == 407 ? AttemptFailure.Proxy : HostOf(response),
            RetryAfter = RetryAfter(response.Headers.RetryAfter, clock),
        };
    }

    private static Answer Whole(HttpResponseMessage response, Transfer transfer)
    {
        long? length = response.Content.Headers.ContentLength;
        RequireSize(length, response, transfer);
        bool marksItsEnd =
            length is not null
            || response.Headers.TransferEncodingChunked == true
            || response.Version >= HttpVersion.Version20;
        return new Answer(0, transfer.ExpectedSize ?? length, length, StrongETag(response), marksItsEnd);
    }

    private static Answer Part(HttpResponseMessage response, Place place, Transfer transfer)
    {
        ContentRangeHeaderValue? range = response.Content.Headers.ContentRange;
        long position = transfer.Position;
        if (range is not { Unit: "bytes", From: { } from, To: { } to } || from != position)
        {
            string what = range is null ? "another part" : $"{Model.EntryPath.Quote(range.ToString())}";
            throw WrongRange($"it served {what} when asked for the bytes from {position:N0} on", response);
        }
        RequireSize(range.Length, response, transfer);
        if (range.Length is not null && transfer.Total is not null && range.Length != transfer.Total)
        {
            throw WrongRange($"its file has now {range.Length:N0} bytes, not {transfer.Total:N0}", response);
        }
        string? before = transfer.ValidatorOf(place);
        string? now = StrongETag(response);
        // Without a digest nothing but the tag says that both parts are of one file.
        bool isSame = now is null ? transfer.IsVerifiable : before is null || before == now;
        if (!isSame)
        {
            throw WrongRange("its file has changed between two parts", response);
        }
        return new Answer(from, to + 1, range.Length, now ?? before, MarksItsEnd: true);
    }

    // 416: the file ends where the transfer stands, or before.
    private static Answer NothingLeft(HttpResponseMessage response, Transfer transfer)
    {
        long? length = response.Content.Headers.ContentRange?.Length;
        RequireSize(length, response, transfer);
        return length == transfer.Position && length == (transfer.Total ?? length)
            ? new Answer(transfer.Position, length, length, null, MarksItsEnd: true)
            : throw WrongRange($"it has no bytes from {transfer.Position:N0} on", response);
    }

    private static void RequireSize(long? size, HttpResponseMessage response, Transfer transfer)
    {
        if (size is not null && transfer.ExpectedSize is { } expected && size != expected)
        {
            throw new AttemptFailure(
                FetchIncidentKind.WrongBytes,
                $"it has a file of {size:N0} bytes, expected {expected:N0} bytes"
            )
            {
                Host = HostOf(response),
                IsInHead = true,
                IsAboutSize = true,
            };
        }
    }

    private static AttemptFailure WrongRange(string message, HttpResponseMessage response) =>
        new(FetchIncidentKind.WrongRange, message) { Host = HostOf(response) };

    private static string? StrongETag(HttpResponseMessage response) =>
        response.Headers.ETag is { IsWeak: false } etag ? etag.Tag : null;

    /// <summary>Host and port that answered, behind all redirects.</summary>
    public static string? HostOf(HttpResponseMessage response) => response.RequestMessage?.RequestUri?.Authority;

    /// <summary>What the headers say of the server and of caches on the way; null for nothing.</summary>
    public static string? SignatureOf(HttpResponseMessage response)
    {
        (string Name, string Value)[] said =
        [
            ("Server", response.Headers.Server.ToString()),
            ("Via", response.Headers.Via.ToString()),
            (
                "Age",
                response.Headers.Age?.TotalSeconds.ToString("0 s", System.Globalization.CultureInfo.InvariantCulture)
                    ?? ""
            ),
        ];
        string text = string.Join(
            ", ",
            said.Where(one => one.Value.Length > 0).Select(one => $"{one.Name}: {Model.EntryPath.Quote(one.Value)}")
        );
        return text.Length > 0 ? text : null;
    }

    // Signatures and tokens hold for some minutes around a time.
    private static string ClockDifference(DateTimeOffset? theirs, DateTimeOffset ours)
    {
        TimeSpan difference = ours - theirs ?? TimeSpan.Zero;
        return difference.Duration() < TimeSpan.FromMinutes(5)
            ? ""
            : $", and this machine's clock is {difference.Duration().TotalMinutes:N0} minutes {(difference > TimeSpan.Zero ? "ahead of" : "behind")} its own";
    }

    private static TimeSpan? RetryAfter(RetryConditionHeaderValue? header, TimeProvider clock)
    {
        TimeSpan? pause = header?.Delta ?? (header?.Date - clock.GetUtcNow());
        return pause > TimeSpan.Zero ? pause : null;
    }
}
