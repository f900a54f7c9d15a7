using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Packhorse.Fetch;
using Packhorse.Model;

namespace Packhorse.Publish;

/// <summary>Stores a file by PUT. What an interrupted one leaves under its name is for the caller to look at.</summary>
internal sealed class ObjectUpload(FetchOptions options, IReporter reporter) : IDisposable
{
    private readonly HttpExchange _exchange = new(options);

    /// <param name="server">The object's URL at its origin.</param>
    /// <param name="token">For that server alone, not for those that it redirects to.</param>
    /// <returns>Why it was not stored and may be tried again; null: it was stored.</returns>
    /// <exception cref="PackhorseException">Refused, or the file changed: trying again would not help.</exception>
    public async Task<AttemptFailure?> PutAsync(
        Uri server,
        LocalFile file,
        AuthenticationHeaderValue? token,
        CancellationToken cancellation
    )
    {
        var redirects = new Redirects(server);
        try
        {
            while (true)
            {
                using HttpResponseMessage response = await SendAsync(redirects, file, token, cancellation)
                    .ConfigureAwait(false);
                if (!Redirects.IsRedirect(response.StatusCode))
                {
                    return Judge(response, redirects.Current);
                }
                redirects.Follow(response.Headers.Location);
            }
        }
        catch (AttemptFailure failure) when (failure.IsTransient)
        {
            return failure;
        }
        catch (AttemptFailure failure)
        {
            throw PatientExchange.CannotAsk(Redaction.Quote(server.AbsoluteUri), failure);
        }
    }

    public void Dispose() => _exchange.Dispose();

    private async Task<HttpResponseMessage> SendAsync(
        Redirects redirects,
        LocalFile file,
        AuthenticationHeaderValue? token,
        CancellationToken cancellation
    )
    {
        using var limit = new CancellationTokenSource(options.FirstByteTimeout, options.Clock);
        var content = new UploadContent(file, limit, options, reporter);
        using var request = new HttpRequestMessage(HttpMethod.Put, redirects.Current) { Content = content };
        // Refusals and redirects come before gigabytes are sent, from servers that know it.
        request.Headers.ExpectContinue = true;
        // The guard of servers that know it; others are looked at before.
        request.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Any);
        request.Headers.Authorization = redirects.IsAtOrigin ? token : null;
        HttpResponseMessage? response = null;
        try
        {
            response = await _exchange.SendBodyAsync(request, limit, cancellation).ConfigureAwait(false);
            return response;
        }
        catch (AttemptFailure failure) when (failure.Kind == FetchIncidentKind.Unreachable && content.Sent > 0)
        {
            throw new AttemptFailure(
                FetchIncidentKind.Cut,
                $"the connection was cut at byte {content.Sent:N0} of {file.Size:N0}",
                failure
            );
        }
        finally
        {
            if (response?.IsSuccessStatusCode != true)
            {
                reporter.Advance(-content.Sent);
            }
        }
    }

    private static AttemptFailure? Judge(HttpResponseMessage response, Uri server)
    {
        int status = (int)response.StatusCode;
        string message = string.Create(
            CultureInfo.InvariantCulture,
            $"cannot store {Redaction.Quote(server.AbsoluteUri)}: it answered {status}"
        );
        return response.StatusCode switch
        {
            _ when response.IsSuccessStatusCode => null,
            HttpStatusCode.Conflict or HttpStatusCode.PreconditionFailed => new AttemptFailure(
                FetchIncidentKind.Busy,
                "something has the name by now"
            ),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => throw new SystemRefusedException(
                ErrorCodes.PermissionDenied,
                message
            ),
            HttpStatusCode.NotFound => throw new NotFoundException(ErrorCodes.UrlNotFound, message)
            {
                Hint = "the origin has no such directory, and makes none",
            },
            HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotImplemented => throw new SystemRefusedException(
                ErrorCodes.PermissionDenied,
                $"{message}, nothing can be written there"
            )
            {
                Hint = "publish to the directory that the origin exports, from a machine that has it",
            },
            HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.InsufficientStorage =>
                throw new SystemRefusedException(ErrorCodes.DiskFull, $"{message}, there is no space for it")
                {
                    Hint = "see what packhorse published lists there, or ask for a larger quota",
                },
            HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError =>
                PatientExchange.Busy(response),
            _ => throw new OperationFailedException(ErrorCodes.ServerRefused, message),
        };
    }
}
