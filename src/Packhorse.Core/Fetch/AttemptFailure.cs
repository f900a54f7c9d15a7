namespace Packhorse.Fetch;

/// <summary>One attempt has failed. Stays within this room: <see cref="FetchErrors"/> makes of it what callers see.</summary>
/// <param name="message">A clause about the server without its name, as in "it answered 503".</param>
internal sealed class AttemptFailure(FetchIncidentKind kind, string message, Exception? inner = null)
    : Exception(message, inner)
{
    public FetchIncidentKind Kind { get; } = kind;

    /// <summary>Another attempt at the same place may succeed.</summary>
    public bool IsTransient =>
        Kind
            is FetchIncidentKind.Unreachable
                or FetchIncidentKind.TimedOut
                or FetchIncidentKind.Cut
                or FetchIncidentKind.Busy
                or FetchIncidentKind.ServerError
                or FetchIncidentKind.WrongRange;

    /// <summary>The pause that the server asked for.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>What a proxy is called, whose address is none of the user's URLs.</summary>
    public const string Proxy = "the proxy";

    /// <summary>Host and port that failed: a redirect may have led away from the place. Null: the place's own.</summary>
    public string? Host { get; init; }

    /// <summary>Only the size was compared.</summary>
    public bool IsAboutSize { get; init; }

    /// <summary>Said by the head of an answer: this server's own statement, whoever served the bytes before.</summary>
    public bool IsInHead { get; init; }
}
