using Packhorse.Model;

namespace Packhorse.Fetch;

/// <summary>One place that may have the file of one download: the URL itself, or a mirror of it.</summary>
internal sealed class Place(Source source, Mirror? mirror)
{
    /// <summary>What incidents call the file system.</summary>
    public const string ThisMachine = "this machine";

    public Source Source { get; } = source;

    /// <summary>Host and port; null for a file.</summary>
    public string? Host => Source.Url?.Authority;

    public int MirrorFailures => mirror?.Failures ?? 0;

    /// <summary>It is no use asking again.</summary>
    public bool IsOut { get; private set; }

    /// <summary>It has answered a request for a range with something else: asked for the whole file from now on.</summary>
    public bool RangesAreUnusable { get; private set; }

    /// <summary>How often it has served bytes of another size or digest.</summary>
    public int TimesWrong { get; private set; }

    public AttemptFailure? LastFailure { get; private set; }

    /// <summary>How the server that answered last called itself and what was between; null when nobody said.</summary>
    public string? AnsweredBy { get; set; }

    /// <summary>Set when it is a file of a cache: what fails there is no failure of anybody's.</summary>
    public CacheEntry? CacheEntry { get; init; }

    /// <summary>What it was asked with, but for its URL's own user information.</summary>
    public Credential? Credential { get; set; }

    /// <summary>Where the URLs of a request lead.</summary>
    /// <exception cref="UsageException">Nowhere that can be read.</exception>
    public static IReadOnlyList<Place> Of(string url, MirrorMap mirrors)
    {
        IReadOnlyList<(string Url, Mirror? Mirror)> candidates = mirrors.Candidates(url);
        if (candidates.Count == 1)
        {
            return [new Place(Source.Parse(candidates[0].Url), candidates[0].Mirror)];
        }
        // A list may name kinds that only other tools can read, as long as it leaves something.
        List<Place> places =
        [
            .. candidates
                .Where(candidate => Source.IsSupported(candidate.Url))
                .Select(candidate => new Place(Source.Parse(candidate.Url), candidate.Mirror)),
        ];
        return places.Count > 0
            ? places
            : throw new UsageException(
                ErrorCodes.UnsupportedUrl,
                $"none of the mirrors for {Redaction.Quote(url)} can be read: only {Source.SupportedKinds} are supported"
            );
    }

    /// <summary>The URL of a request and its alternatives, each a mirror of the others.</summary>
    public static IReadOnlyList<Place> OfAlternatives(FetchRequest request) =>
        [.. request.Alternatives.Prepend(request.Url).Select(url => new Place(Source.Parse(url), new Mirror(url)))];

    public void Failed(AttemptFailure failure)
    {
        LastFailure = failure;
        RangesAreUnusable |= failure.Kind == FetchIncidentKind.WrongRange;
        IsOut |= failure is { IsTransient: false, Kind: not FetchIncidentKind.WrongBytes };
        if (failure.Kind is not (FetchIncidentKind.NotFound or FetchIncidentKind.Denied))
        {
            mirror?.AddFailure();
        }
    }

    /// <summary>It alone is to blame for wrong bytes. Twice is once too often: what was damaged on the way is right the second time.</summary>
    public void WasWrong()
    {
        TimesWrong++;
        // A file does not change by being read again.
        IsOut |= TimesWrong > 1 || Source.Url is null;
    }

    /// <summary>What went wrong here, for people.</summary>
    public string Describe(AttemptFailure failure)
    {
        string at = failure.Host is null || failure.Host == Host ? "" : $" (at {failure.Host})";
        string by = failure.Kind == FetchIncidentKind.WrongBytes && AnsweredBy is not null ? $" ({AnsweredBy})" : "";
        return $"{this}: {failure.Message}{at}{by}";
    }

    public override string ToString() => Source.ToString();
}
