using System.Globalization;
using Packhorse.Fetch;
using Packhorse.Model;

namespace Packhorse.Publish;

/// <summary>Short questions to servers of a federation, asked again while a server is away or too busy.</summary>
internal sealed class PatientExchange(FetchOptions options, IReporter reporter) : IDisposable
{
    private readonly HttpExchange _exchange = new(options);

    /// <param name="make">Makes the request, for each attempt anew.</param>
    /// <param name="isFinal">False for an answer that somebody may have given in the place of who was asked.</param>
    /// <exception cref="TransientException">No answer, or that it is too busy, however often it was asked.</exception>
    /// <exception cref="OperationFailedException">It cannot be asked.</exception>
    public async Task<HttpResponseMessage> AskAsync(
        Func<HttpRequestMessage> make,
        Func<HttpResponseMessage, bool> isFinal,
        CancellationToken cancellation
    )
    {
        string shown = "";
        AttemptFailure? last = null;
        for (int attempt = 0; attempt <= options.Retries; attempt++)
        {
            if (attempt > 0)
            {
                await WaitAsync(options, last!, attempt, cancellation).ConfigureAwait(false);
            }
            using HttpRequestMessage request = make();
            shown = Redaction.Quote(request.RequestUri!.AbsoluteUri);
            try
            {
                HttpResponseMessage response = await _exchange
                    .SendOnceAsync(request, cancellation)
                    .ConfigureAwait(false);
                int status = (int)response.StatusCode;
                if (status is not (429 or >= 500) && !(status == 404 && !isFinal(response)))
                {
                    return response;
                }
                last = Busy(response);
                response.Dispose();
            }
            catch (AttemptFailure failure) when (failure.IsTransient)
            {
                last = failure;
            }
            catch (AttemptFailure failure)
            {
                throw CannotAsk(shown, failure);
            }
            reporter.Detail($"{shown}: {last.Message}");
        }
        throw new TransientException(
            ErrorCodes.DownloadFailed,
            $"the federation does not answer: {shown}: {last!.Message} ({options.Retries + 1} attempts)",
            last.InnerException
        )
        {
            Hint = "try again later; if it lasts, tell the federation's operators",
        };
    }

    public void Dispose() => _exchange.Dispose();

    /// <summary>An answer that says to come again.</summary>
    public static AttemptFailure Busy(HttpResponseMessage response) =>
        new(
            FetchIncidentKind.ServerError,
            string.Create(CultureInfo.InvariantCulture, $"it answered {(int)response.StatusCode}")
        )
        {
            RetryAfter = response.Headers.RetryAfter?.Delta,
        };

    /// <summary>Before another attempt: as long as the server asked for, or longer each time.</summary>
    /// <param name="attempt">1 before the second.</param>
    public static Task WaitAsync(
        FetchOptions options,
        AttemptFailure failure,
        int attempt,
        CancellationToken cancellation
    )
    {
        TimeSpan pause =
            failure.RetryAfter is { } wanted && wanted < options.LongestRetryAfter
                ? wanted
                : options.RetryDelay * Math.Pow(2, attempt - 1) * (0.5 + options.Randomness());
        return Task.Delay(pause, options.Clock, cancellation);
    }

    /// <param name="shown">The URL, without what is secret in it.</param>
    public static OperationFailedException CannotAsk(string shown, AttemptFailure failure) =>
        new(
            failure.Kind == FetchIncidentKind.NotTrusted ? ErrorCodes.ServerNotTrusted : ErrorCodes.ServerRefused,
            $"the federation cannot be asked: {shown}: {failure.Message}",
            failure.InnerException
        );
}
