using System.Net;
using System.Text;
using Packhorse.Model;

namespace Packhorse.Publish;

/// <summary>What a directory of a federation holds, as its origin lists it by WebDAV (RFC 4918, PROPFIND).</summary>
internal sealed class FederationListing(FederationAccess access, IReporter reporter)
{
    private const int MostBytes = 16 << 20;
    private static readonly HttpMethod Propfind = new("PROPFIND");

    /// <exception cref="NotFoundException">There is no such directory.</exception>
    /// <exception cref="OperationFailedException">The federation lists nothing there.</exception>
    public async Task<IReadOnlyList<ListedObject>> ReadAsync(PelicanUrl directory, CancellationToken cancellation)
    {
        using var federation = new FederationClient(access.Options, access.Discovery, reporter);
        ObjectLocation location;
        try
        {
            location = await federation.LocateAsync(directory, Propfind, cancellation).ConfigureAwait(false);
        }
        catch (OperationFailedException error) when (error.Code == ErrorCodes.ServerRefused)
        {
            throw NotListed(directory, error.Message, error);
        }
        if (location.NeedsToken && access.Token is null)
        {
            throw AccessProblems.Missing(directory);
        }
        Uri server = location.Servers[0];
        using var exchange = new PatientExchange(access.Options, reporter);
        using HttpResponseMessage response = await exchange
            .AskAsync(() => Request(server), _ => true, cancellation)
            .ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.MultiStatus)
        {
            string xml = await ReadTextAsync(response, cancellation).ConfigureAwait(false);
            return DavListing.Parse(xml, Uri.UnescapeDataString(server.AbsolutePath), server.Authority);
        }
        throw Refusal(response, server, directory, location);
    }

    private HttpRequestMessage Request(Uri server)
    {
        HttpRequestMessage request = new OriginReader(access, reporter).Request(Propfind, server);
        request.Headers.Add("Depth", "1");
        return request;
    }

    private PackhorseException Refusal(
        HttpResponseMessage response,
        Uri server,
        PelicanUrl directory,
        ObjectLocation location
    )
    {
        string message = $"{server.Authority} answered {(int)response.StatusCode} when asked for a listing";
        return response.StatusCode switch
        {
            HttpStatusCode.NotFound => new NotFoundException(
                ErrorCodes.UrlNotFound,
                $"there is no {EntryPath.Quote(directory.ToString())}: {message}"
            ),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => AccessProblems.Explain(
                new SystemRefusedException(ErrorCodes.PermissionDenied, message),
                StorageOperation.Read,
                directory,
                access.Token,
                location,
                access.NowOf(location)
            ),
            _ => NotListed(directory, message, null),
        };
    }

    private static OperationFailedException NotListed(PelicanUrl directory, string why, Exception? inner) =>
        new(
            ErrorCodes.ServerRefused,
            $"the federation does not list what is in {EntryPath.Quote(directory.ToString())}: {why}",
            inner
        )
        {
            Hint = "give packhorse published the directory that the origin exports, on a machine that has it",
        };

    private static async Task<string> ReadTextAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        try
        {
            await response.Content.LoadIntoBufferAsync(MostBytes, cancellation).ConfigureAwait(false);
            return Encoding.UTF8.GetString(
                await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false)
            );
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            throw new TransientException(
                ErrorCodes.DownloadFailed,
                $"the listing broke off, or is longer than {MostBytes:N0} bytes: {error.Message}",
                error
            );
        }
    }
}
