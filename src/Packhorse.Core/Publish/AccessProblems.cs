using Packhorse.Model;

namespace Packhorse.Publish;

/// <summary>What is wrong with a token, or with there being none, as far as it can be told without the servers.</summary>
internal static class AccessProblems
{
    private const string HowToName = "--token-file, BEARER_TOKEN or BEARER_TOKEN_FILE";

    /// <summary>A token that has ended by the federation's clock is not worth a request.</summary>
    /// <exception cref="SystemRefusedException">It has ended.</exception>
    public static void RequireNotExpired(AccessToken? token, PelicanUrl url, DateTimeOffset now)
    {
        if (token?.Expiry(now) is { } expiry)
        {
            throw new SystemRefusedException(
                ErrorCodes.PermissionDenied,
                $"{EntryPath.Quote(url.ToString())}: {expiry}"
            )
            {
                Hint = "get a new one where you got it",
            };
        }
    }

    public static SystemRefusedException Missing(PelicanUrl url) =>
        new(ErrorCodes.PermissionDenied, $"{EntryPath.Quote(url.ToString())} needs a token, and there is none")
        {
            Hint = $"name one by {HowToName}",
        };

    /// <summary>The same refusal with what the token says of itself.</summary>
    public static SystemRefusedException Explain(
        SystemRefusedException error,
        StorageOperation operation,
        PelicanUrl url,
        AccessToken? token,
        ObjectLocation location,
        DateTimeOffset now
    ) =>
        new(error.Code, error.Message, error.InnerException)
        {
            Hint = token is null
                ? $"it may need a token: {HowToName}"
                : token.Objection(operation, url.Path, location.TokenBases, now)
                    ?? error.Hint
                    ?? $"the token of {token.Origin} was not accepted, and does not say why",
        };
}
