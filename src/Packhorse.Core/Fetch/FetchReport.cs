using System.Collections.Concurrent;

namespace Packhorse.Fetch;

/// <summary>What can go wrong with one attempt.</summary>
public enum FetchIncidentKind
{
    /// <summary>No connection: name, TCP, TLS, proxy.</summary>
    Unreachable,

    /// <summary>No connection, answer or byte in time.</summary>
    TimedOut,

    /// <summary>The answer ended before its end.</summary>
    Cut,

    /// <summary>408, 425 or 429.</summary>
    Busy,

    /// <summary>5xx.</summary>
    ServerError,

    /// <summary>404 or 410, or no such file.</summary>
    NotFound,

    /// <summary>401, 403 or 407.</summary>
    Denied,

    /// <summary>Any other status, or a redirect that leads nowhere.</summary>
    Rejected,

    /// <summary>The certificate is not trusted.</summary>
    NotTrusted,

    /// <summary>Another part of the file than the one asked for.</summary>
    WrongRange,

    /// <summary>Another size or digest than expected.</summary>
    WrongBytes,

    /// <summary>A file that cannot be read.</summary>
    Unreadable,
}

/// <summary>Attempts that failed alike.</summary>
/// <param name="Host">Host, with the port unless it is the scheme's own; "this machine" for files.</param>
public readonly record struct FetchIncident(string Host, FetchIncidentKind Kind, int Count)
{
    /// <summary>For people, such as <c>conda.example.org: 3 attempts timed out</c>.</summary>
    public override string ToString()
    {
        string attempts = Count == 1 ? "1 attempt" : $"{Count:N0} attempts";
        string what = Kind switch
        {
            FetchIncidentKind.Unreachable => "found no connection",
            FetchIncidentKind.TimedOut => "timed out",
            FetchIncidentKind.Cut => "ended before all bytes had come",
            FetchIncidentKind.Busy => "found the server too busy",
            FetchIncidentKind.ServerError => "met an error of the server",
            FetchIncidentKind.NotFound => "asked for what is not there",
            FetchIncidentKind.Denied => "lacked permission",
            FetchIncidentKind.Rejected => "met a refusal",
            FetchIncidentKind.NotTrusted => "met a certificate that is not trusted",
            FetchIncidentKind.WrongRange => "got another part of the file than asked for",
            FetchIncidentKind.WrongBytes => "got bytes of another size or digest than expected",
            _ => "met a file that cannot be read",
        };
        return $"{Host}: {attempts} {what}";
    }
}

/// <summary>What failed, where and how often: to be said once, at the end.</summary>
public sealed class FetchReport
{
    private readonly ConcurrentDictionary<(string Host, FetchIncidentKind Kind), int> _counts = new();

    /// <summary>So far, by host and kind.</summary>
    public IReadOnlyList<FetchIncident> Incidents =>
        [
            .. _counts
                .Select(pair => new FetchIncident(pair.Key.Host, pair.Key.Kind, pair.Value))
                .OrderBy(incident => incident.Host, StringComparer.Ordinal)
                .ThenBy(incident => incident.Kind),
        ];

    internal void Add(string host, FetchIncidentKind kind) =>
        _counts.AddOrUpdate((host, kind), 1, (_, count) => count + 1);
}
