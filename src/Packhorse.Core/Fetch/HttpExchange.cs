using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Authentication;

namespace Packhorse.Fetch;

/// <summary>One request and the head of its answer, redirects followed. Owns the connections.</summary>
internal sealed class HttpExchange : IDisposable
{
    private readonly FetchOptions _options;
    private readonly HttpMessageInvoker _http;
    private readonly S3Access _s3;

    public HttpExchange(FetchOptions options)
    {
        _options = options;
        _s3 = new S3Access(options);
        var identity = new ServerIdentity(options);
        _http = new HttpMessageInvoker(
            new SocketsHttpHandler
            {
                // Packages are compressed already, and the digests are those of the bytes as stored.
                AutomaticDecompression = DecompressionMethods.None,
                AllowAutoRedirect = false,
                UseCookies = false,
                UseProxy = true,
                Proxy = options.Proxies,
                DefaultProxyCredentials = null,
                SslOptions = new SslClientAuthenticationOptions
                {
                    RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
                        identity.Check(certificate, chain, errors),
                },
                ConnectTimeout = options.ConnectTimeout,
                EnableMultipleHttp2Connections = true,
                PooledConnectionLifetime = TimeSpan.FromMinutes(5),
                ActivityHeadersPropagator = null,
            }
        );
    }

    /// <param name="place">The credential is for the URL's own scheme, host and port.</param>
    /// <param name="from">First byte wanted; 0 asks for the whole.</param>
    /// <param name="ifRange">A strong entity tag, without which the whole is wanted.</param>
    /// <returns>An answer that is no redirect, its body unread.</returns>
    /// <exception cref="AttemptFailure">There was none.</exception>
    public Task<HttpResponseMessage> GetAsync(
        (Uri Url, Credential? Credential) place,
        long from,
        string? ifRange,
        CancellationToken cancellation
    ) =>
        place.Url.Scheme == Source.S3Scheme
            ? GetObjectAsync(place, from, ifRange, cancellation)
            : GetPageAsync(place, from, ifRange, cancellation);

    private async Task<HttpResponseMessage> GetPageAsync(
        (Uri Url, Credential? Credential) place,
        long from,
        string? ifRange,
        CancellationToken cancellation
    )
    {
        AuthenticationHeaderValue? authorization =
            _options.Authorization?.Invoke(place.Url) ?? Redirects.BasicOf(place.Url) ?? place.Credential?.Header;
        var redirects = new Redirects(place.Credential?.Apply(place.Url) ?? place.Url);
        while (true)
        {
            using HttpRequestMessage request = Request(redirects.Current, from, ifRange);
            request.Headers.Authorization = redirects.IsAtOrigin ? authorization : null;
            HttpResponseMessage response = await SendAsync(request, cancellation).ConfigureAwait(false);
            if (!Redirects.IsRedirect(response.StatusCode))
            {
                return response;
            }
            using (response)
            {
                redirects.Follow(response.Headers.Location);
            }
        }
    }

    // Signed anew for each request: a signature holds for minutes. Nothing but another region is a reason to ask elsewhere.
    private async Task<HttpResponseMessage> GetObjectAsync(
        (Uri Url, Credential? Credential) place,
        long from,
        string? ifRange,
        CancellationToken cancellation
    )
    {
        string bucket = place.Url.Host;
        for (bool mayMove = true; ; mayMove = false)
        {
            using HttpRequestMessage request = Request(_s3.Locate(place.Url), from, ifRange);
            _s3.Sign(request, bucket, place.Credential as S3Credential);
            HttpResponseMessage response = await SendAsync(request, cancellation).ConfigureAwait(false);
            if (!mayMove || !_s3.Learn(bucket, response))
            {
                return response;
            }
            response.Dispose();
        }
    }

    /// <summary>The length that a HEAD tells; null where it tells none, or is not answered.</summary>
    public async Task<long?> GetLengthAsync((Uri Url, Credential? Credential) place, CancellationToken cancellation)
    {
        using HttpRequestMessage request = Request(place.Url, 0, null);
        request.Method = HttpMethod.Head;
        request.Headers.Authorization = _options.Authorization?.Invoke(place.Url) ?? place.Credential?.Header;
        try
        {
            using HttpResponseMessage response = await SendAsync(request, cancellation).ConfigureAwait(false);
            return response.IsSuccessStatusCode ? response.Content.Headers.ContentLength : null;
        }
        catch (AttemptFailure)
        {
            return null;
        }
    }

    /// <summary>One request of any kind, its answer whatever it is: redirects are not followed.</summary>
    /// <exception cref="AttemptFailure">There was none.</exception>
    public Task<HttpResponseMessage> SendOnceAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        request.Headers.TryAddWithoutValidation("User-Agent", _options.UserAgent);
        return SendAsync(request, cancellation);
    }

    /// <summary>As <see cref="SendOnceAsync"/>, with a body that may take hours.</summary>
    /// <param name="limit">Ends the exchange; whoever sends the body moves it as long as there is progress.</param>
    /// <exception cref="AttemptFailure">There was no answer.</exception>
    public Task<HttpResponseMessage> SendBodyAsync(
        HttpRequestMessage request,
        CancellationTokenSource limit,
        CancellationToken cancellation
    )
    {
        request.Headers.TryAddWithoutValidation("User-Agent", _options.UserAgent);
        return SendAsync(request, limit, cancellation);
    }

    public void Dispose() => _http.Dispose();

    private HttpRequestMessage Request(Uri url, long from, string? ifRange)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, url)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        request.Headers.TryAddWithoutValidation("User-Agent", _options.UserAgent);
        request.Headers.TryAddWithoutValidation("Accept", "*/*");
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
        if (_options.AsksForTransferStatus)
        {
            request.Headers.TryAddWithoutValidation("X-Transfer-Status", "true");
            request.Headers.TryAddWithoutValidation("TE", "trailers");
        }
        if (from > 0)
        {
            request.Headers.Range = new RangeHeaderValue(from, null);
            if (ifRange is not null)
            {
                request.Headers.IfRange = new RangeConditionHeaderValue(ifRange);
            }
        }
        return request;
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(_options.FirstByteTimeout, _options.Clock);
        return await SendAsync(request, limit, cancellation).ConfigureAwait(false);
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request,
        CancellationTokenSource limit,
        CancellationToken cancellation
    )
    {
        string host = request.RequestUri!.Authority;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        try
        {
            return await _http.SendAsync(request, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException error)
        {
            cancellation.ThrowIfCancellationRequested();
            string message = limit.IsCancellationRequested
                ? request.Content is null
                    ? $"it did not answer within {_options.FirstByteTimeout.TotalSeconds:0.###} s"
                    : $"it took nothing for {_options.SilenceTimeout.TotalSeconds:0.###} s, or did not answer"
                : $"there was no connection within {_options.ConnectTimeout.TotalSeconds:0.###} s";
            throw new AttemptFailure(FetchIncidentKind.TimedOut, message, error) { Host = host };
        }
        catch (HttpRequestException error)
        {
            cancellation.ThrowIfCancellationRequested();
            throw Classify(error, host);
        }
        catch (IOException error)
        {
            cancellation.ThrowIfCancellationRequested();
            throw new AttemptFailure(FetchIncidentKind.Cut, "it ended the connection", error) { Host = host };
        }
    }

    private static AttemptFailure Classify(HttpRequestException error, string host)
    {
        (FetchIncidentKind kind, string message) = error.HttpRequestError switch
        {
            // A handshake that breaks off has an IOException instead: that one may go better the next time.
            HttpRequestError.SecureConnectionError when error.InnerException is AuthenticationException => (
                FetchIncidentKind.NotTrusted,
                error.InnerException is ServerNotTrusted
                    ? error.InnerException.Message
                    : $"its identity cannot be checked: {error.InnerException.Message}"
            ),
            HttpRequestError.NameResolutionError => (FetchIncidentKind.Unreachable, "its name cannot be resolved"),
            HttpRequestError.SecureConnectionError
                when error.InnerException?.InnerException is ServerNotTrusted inner => (
                FetchIncidentKind.NotTrusted,
                inner.Message
            ),
            HttpRequestError.ProxyTunnelError when error.StatusCode == HttpStatusCode.ProxyAuthenticationRequired => (
                FetchIncidentKind.Denied,
                "it wants credentials"
            ),
            HttpRequestError.ResponseEnded => (FetchIncidentKind.Cut, "it ended the connection without an answer"),
            HttpRequestError.InvalidResponse => (FetchIncidentKind.Cut, "its answer is not HTTP"),
            _ => (FetchIncidentKind.Unreachable, $"there is no connection: {error.Message}"),
        };
        return new AttemptFailure(kind, message, error)
        {
            Host = error.HttpRequestError == HttpRequestError.ProxyTunnelError ? AttemptFailure.Proxy : host,
        };
    }
}
