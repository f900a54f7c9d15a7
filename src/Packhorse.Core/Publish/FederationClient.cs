using System.Net;
using System.Text.Json;
using Packhorse.Fetch;
using Packhorse.Model;

namespace Packhorse.Publish;

/// <summary>Where a federation has an object.</summary>
/// <param name="Servers">URLs, in the director's order.</param>
/// <param name="Namespace">As the director names it; null when it does not.</param>
public sealed record ObjectLocation(IReadOnlyList<Uri> Servers, string? Namespace, bool NeedsToken)
{
    /// <summary>Directories that the paths of a token's scopes may be relative to; empty where nobody says.</summary>
    public IReadOnlyList<string> TokenBases { get; init; } = [];

    /// <summary>Servers get the token that there is: the namespace wants one, or nobody says whether it does.</summary>
    public bool TakesToken { get; init; } = NeedsToken;

    /// <summary>The director's clock, by which tokens end; null where it does not tell.</summary>
    public DateTimeOffset? Now { get; init; }
}

/// <summary>How a federation is asked.</summary>
/// <param name="Discovery">Where federations are discovered instead of at their URL's host; null: there.</param>
/// <param name="Token">Null: there is none.</param>
public sealed record FederationAccess(FetchOptions Options, Uri? Discovery, AccessToken? Token)
{
    internal DateTimeOffset NowOf(ObjectLocation location) => location.Now ?? Options.Clock.GetUtcNow();
}

/// <summary>
/// Asks a Pelican federation who has an object: discovery by <c>/.well-known/pelican-configuration</c>, then the director's redirect
/// with its Link header. Where no director is named, the discovered host has the objects itself.
/// </summary>
public sealed class FederationClient : IDisposable
{
    private const int MostJsonBytes = 1 << 20;
    private const int MostServers = 8;

    private readonly PatientExchange _exchange;
    private readonly Uri? _discovery;
    private (string Host, Uri? Director, Uri Origin)? _known;

    /// <param name="discovery">Where federations are discovered instead of at their URL's host.</param>
    public FederationClient(FetchOptions options, Uri? discovery, IReporter reporter)
    {
        _exchange = new PatientExchange(options, reporter);
        _discovery = discovery;
    }

    /// <param name="method">GET to read; PUT for where to write; PROPFIND for who lists a directory.</param>
    /// <exception cref="NotFoundException">The federation has no such object or namespace.</exception>
    /// <exception cref="SystemRefusedException">It may not be written or read.</exception>
    /// <exception cref="TransientException">The federation does not answer, or is too busy.</exception>
    /// <exception cref="OperationFailedException">It answers with what makes no sense.</exception>
    public async Task<ObjectLocation> LocateAsync(PelicanUrl url, HttpMethod method, CancellationToken cancellation)
    {
        (Uri? director, Uri origin) = await DiscoverAsync(url, cancellation).ConfigureAwait(false);
        string query = url.Query.Length > 0 ? $"?{url.Query}" : "";
        if (director is null)
        {
            return new ObjectLocation([new Uri(origin, $"{url.Path}{query}")], null, NeedsToken: false)
            {
                TakesToken = true,
            };
        }
        var asked = new Uri($"{director.AbsoluteUri.TrimEnd('/')}{url.Path}{query}");
        using HttpResponseMessage response = await _exchange
            .AskAsync(() => new HttpRequestMessage(method, asked), IsOfDirector, cancellation)
            .ConfigureAwait(false);
        return Redirects.IsRedirect(response.StatusCode) ? DirectorAnswer.Read(response, asked, MostServers)
            // A director that answers in the place of an origin: with a listing.
            : response.StatusCode == HttpStatusCode.MultiStatus ? DirectorAnswer.OfItself(response, asked)
            : throw DirectorAnswer.Refusal(response, url, method);
    }

    public void Dispose() => _exchange.Dispose();

    private async Task<(Uri? Director, Uri Origin)> DiscoverAsync(PelicanUrl url, CancellationToken cancellation)
    {
        if (_known is { } known && known.Host == url.Host)
        {
            return (known.Director, known.Origin);
        }
        Uri host = _discovery ?? new Uri($"https://{url.Host}/");
        var asked = new Uri(host, "/.well-known/pelican-configuration");
        using HttpResponseMessage response = await _exchange
            .AskAsync(() => new HttpRequestMessage(HttpMethod.Get, asked), _ => true, cancellation)
            .ConfigureAwait(false);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw new OperationFailedException(
                ErrorCodes.ServerRefused,
                $"{host.Authority} is no federation: {Redaction.Quote(asked.AbsoluteUri)} answered {(int)response.StatusCode}"
            )
            {
                Hint = "check the host of the URL",
            };
        }
        Uri? director = await ReadDirectorAsync(response, host, cancellation).ConfigureAwait(false);
        _known = (url.Host, director, host);
        return (director, host);
    }

    private static async Task<Uri?> ReadDirectorAsync(
        HttpResponseMessage response,
        Uri host,
        CancellationToken cancellation
    )
    {
        try
        {
            await response.Content.LoadIntoBufferAsync(MostJsonBytes, cancellation).ConfigureAwait(false);
            using JsonDocument json = await JsonDocument
                .ParseAsync(
                    await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false),
                    cancellationToken: cancellation
                )
                .ConfigureAwait(false);
            if (
                !json.RootElement.TryGetProperty("director_endpoint", out JsonElement endpoint)
                || endpoint.ValueKind == JsonValueKind.Null
                || endpoint.ValueEquals("")
            )
            {
                return null;
            }
            if (
                Uri.TryCreate(endpoint.GetString(), UriKind.Absolute, out Uri? director)
                && director.Scheme is "http" or "https"
                && !(host.Scheme == "https" && director!.Scheme == "http")
            )
            {
                return director;
            }
        }
        catch (Exception error)
            when (error is JsonException or InvalidOperationException or HttpRequestException or IOException)
        {
            // Told below.
        }
        throw new OperationFailedException(
            ErrorCodes.ServerRefused,
            $"what {host.Authority} says of its federation makes no sense: it is no JSON object with a director_endpoint that is an http(s) URL"
        );
    }

    // Others answer in a director's place when it is down: what they say is tried again.
    private static bool IsOfDirector(HttpResponseMessage response) =>
        response.Headers.TryGetValues("Server", out IEnumerable<string>? values)
        && values.Any(value => value.StartsWith("pelican/", StringComparison.OrdinalIgnoreCase));
}
