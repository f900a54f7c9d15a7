using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Packhorse.Fetch;
using Packhorse.Image;
using Packhorse.Model;

namespace Packhorse.Publish;

/// <summary>What an origin has under a name.</summary>
/// <param name="Size">Bytes; null where it does not say.</param>
internal readonly record struct StoredObject(Uri Server, long? Size);

/// <summary>Looks at objects where they are stored instead of in caches, which would keep what they are asked for.</summary>
internal sealed class OriginReader(FederationAccess access, IReporter reporter)
{
    /// <returns>Null where no origin has such an object.</returns>
    /// <exception cref="PackhorseException">Nobody can say.</exception>
    public async Task<StoredObject?> FindAsync(PelicanUrl url, CancellationToken cancellation)
    {
        if (await LocateAsync(url, cancellation).ConfigureAwait(false) is not { } location)
        {
            return null;
        }
        if (location.NeedsToken && access.Token is null)
        {
            throw AccessProblems.Missing(url);
        }
        foreach (Uri server in location.Servers)
        {
            StoredObject? found = await LookAsync(server, url, location, cancellation).ConfigureAwait(false);
            if (found is not null)
            {
                return found;
            }
        }
        return null;
    }

    /// <param name="location">Of the object or of where it was to be stored.</param>
    /// <returns>Null where that server has no such object.</returns>
    /// <exception cref="SystemRefusedException">It may not be read.</exception>
    public async Task<StoredObject?> LookAsync(
        Uri server,
        PelicanUrl url,
        ObjectLocation location,
        CancellationToken cancellation
    )
    {
        using var exchange = new PatientExchange(access.Options, reporter);
        using HttpResponseMessage response = await exchange
            .AskAsync(() => Request(HttpMethod.Head, server), _ => true, cancellation)
            .ConfigureAwait(false);
        if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone)
        {
            return null;
        }
        // Behind a redirect is another server of the same origin, which a download will find.
        if (response.IsSuccessStatusCode || Redirects.IsRedirect(response.StatusCode))
        {
            return new StoredObject(
                server,
                response.IsSuccessStatusCode ? response.Content.Headers.ContentLength : null
            );
        }
        string message = string.Create(
            CultureInfo.InvariantCulture,
            $"cannot look at {Redaction.Quote(server.AbsoluteUri)}: it answered {(int)response.StatusCode}"
        );
        throw response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden
            ? AccessProblems.Explain(
                new SystemRefusedException(ErrorCodes.PermissionDenied, message),
                StorageOperation.Read,
                url,
                access.Token,
                location,
                access.NowOf(location)
            )
            : new OperationFailedException(ErrorCodes.ServerRefused, message);
    }

    /// <summary>Reads all of an object and keeps none of it.</summary>
    /// <param name="expected">Reading ends when it cannot have this digest.</param>
    /// <exception cref="CorruptDataException">It does not have the expected digest.</exception>
    public async Task<(FetchedContent Content, Digest? Root)> ReadAsync(
        StoredObject stored,
        string name,
        Digest? expected,
        CancellationToken cancellation
    )
    {
        FetchOptions options = access.Options with { Authorization = HeaderFor, AsksForTransferStatus = true };
        await using var fetcher = new Fetcher(options, MirrorMap.Empty, reporter);
        var tail = new TailTarget();
        FetchedContent content = await fetcher
            .FetchAsync(
                new FetchRequest
                {
                    Url = stored.Server.AbsoluteUri,
                    Name = name,
                    Expected = new ExpectedContent(stored.Size, expected, null),
                    EndsAtWrongBytes = true,
                },
                tail,
                cancellation
            )
            .ConfigureAwait(false);
        return (content, tail.Root(name));
    }

    /// <summary>A request with the token that there is.</summary>
    public HttpRequestMessage Request(HttpMethod method, Uri server)
    {
        var request = new HttpRequestMessage(method, server);
        request.Headers.Authorization = HeaderFor(server);
        return request;
    }

    private AuthenticationHeaderValue? HeaderFor(Uri server) => access.Token?.HeaderFor(server);

    private async Task<ObjectLocation?> LocateAsync(PelicanUrl url, CancellationToken cancellation)
    {
        using var federation = new FederationClient(access.Options, access.Discovery, reporter);
        try
        {
            return await federation
                .LocateAsync(url.WithDirectRead(), HttpMethod.Get, cancellation)
                .ConfigureAwait(false);
        }
        catch (NotFoundException)
        {
            return null;
        }
        catch (OperationFailedException error) when (error.Code == ErrorCodes.ServerRefused)
        {
            // Not every namespace lets its origins be read directly.
            reporter.Detail(error.Message);
        }
        try
        {
            return await federation.LocateAsync(url, HttpMethod.Get, cancellation).ConfigureAwait(false);
        }
        catch (NotFoundException)
        {
            return null;
        }
    }

    /// <summary>Keeps the last bytes, where an image has its footer.</summary>
    private sealed class TailTarget : IFetchTarget
    {
        private readonly byte[] _tail = new byte[ImageFooter.Bytes];
        private long _length;

        public void Begin(long? totalLength) { }

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            int count = Math.Min(bytes.Length, _tail.Length);
            _tail.AsSpan(count).CopyTo(_tail);
            bytes[^count..].CopyTo(_tail.AsSpan(_tail.Length - count));
            _length = offset + bytes.Length;
        }

        public void Restart() => _length = 0;

        public Digest? Root(string where)
        {
            try
            {
                return _length < _tail.Length ? null : ImageFooter.Parse(_tail, _length, where).Root;
            }
            catch (PackhorseException)
            {
                return null;
            }
        }
    }
}
