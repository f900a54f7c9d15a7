using System.Net.Http.Headers;

namespace Packhorse.Fetch;

/// <summary>How a <see cref="Fetcher"/> behaves on the network.</summary>
public sealed record FetchOptions
{
    /// <summary>For example <c>packhorse/1.2.3</c>.</summary>
    public required string UserAgent { get; init; }

    /// <summary>Numbers of [0, 1) that spread retries in time; called from many threads at once.</summary>
    public required Func<double> Randomness { get; init; }

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Downloads at once; pixi's default of <c>concurrency.downloads</c>.</summary>
    public int Downloads { get; init; } = 50;

    /// <summary>Downloads at once from one host and port.</summary>
    public int DownloadsPerHost { get; init; } = 8;

    /// <summary>Until a connection stands: name, TCP, TLS.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>From the request (connecting included) to the head of the answer.</summary>
    public TimeSpan FirstByteTimeout { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>Without a byte within an answer.</summary>
    public TimeSpan SilenceTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Bytes a second below which an answer is given up, to be continued elsewhere; 0: slow ones are waited for.</summary>
    public long SlowestRate { get; init; }

    /// <summary>How long an answer may be slow: the time over which <see cref="SlowestRate"/> is measured.</summary>
    public TimeSpan SlowWindow { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>At the begin of an answer, when <see cref="SlowestRate"/> is not looked at yet.</summary>
    public TimeSpan SlowRampUp { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>
    /// Servers are asked to say behind the body whether it was whole (<c>X-Transfer-Status</c>, as Pelican's do), and by a HEAD how
    /// long it is where they do not say so before.
    /// </summary>
    public bool AsksForTransferStatus { get; init; }

    /// <summary>Rounds over all mirrors, after the first one, without a new byte before a download is given up. At least 1.</summary>
    public int Retries { get; init; } = 5;

    /// <summary>Before the first retry; doubled for each further one, with jitter.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(0.5);

    public TimeSpan LongestRetryDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A server that asks for a longer pause (Retry-After) is asked again after this one.</summary>
    public TimeSpan LongestRetryAfter { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The way that requests take.</summary>
    public ProxyRules Proxies { get; init; } = ProxyRules.None;

    /// <summary>Certificates are not looked at: whoever is in between can read and change what is sent. The digests still hold.</summary>
    public bool TrustsEverybody { get; init; }

    /// <summary>For buckets of which neither <see cref="Buckets"/> nor <see cref="Credentials"/> say anything.</summary>
    public AwsSettings Aws { get; init; } = AwsSettings.None;

    /// <summary>How buckets are reached, by their names.</summary>
    public IReadOnlyDictionary<string, S3Options> Buckets { get; init; } = new Dictionary<string, S3Options>();

    /// <summary>
    /// The credentials for a URL, or null. Asked once for each URL of a request or mirror; the answer goes to that URL's scheme,
    /// host and port only, never along a redirect to others. Without an answer <see cref="Credentials"/> decides.
    /// </summary>
    public Func<Uri, AuthenticationHeaderValue?>? Authorization { get; init; }

    /// <summary>
    /// Sent to the scheme, host and port of a URL of a request or mirror only, never along a redirect to others. A URL's own user
    /// information goes before.
    /// </summary>
    public Credentials Credentials { get; init; } = Credentials.None;
}
