using System.Buffers.Text;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Packhorse.Model;

namespace Packhorse.Publish;

/// <summary>
/// A bearer token and what it says of itself (JSON Web Token, RFC 7519; WLCG and SciTokens profiles). Nothing of it is verified: that is
/// the servers' part. A class and no record: nothing may print its text.
/// </summary>
public sealed class AccessToken
{
    private const int MostCharacters = 64 << 10;

    private AccessToken(string text, string origin)
    {
        Text = text;
        Origin = origin;
    }

    /// <summary>The file or the variable it is from.</summary>
    public string Origin { get; }

    /// <summary>When it ends; null when it does not say.</summary>
    public DateTimeOffset? Expires { get; private set; }

    /// <summary>What it allows, such as <c>storage.read:/alice</c>; null when it does not say.</summary>
    public IReadOnlyList<string>? Scopes { get; private set; }

    internal string Text { get; }

    /// <exception cref="UsageException">It could not be sent in a header.</exception>
    public static AccessToken Parse(string text, string origin)
    {
        string trimmed = text.Trim();
        if (trimmed.Length is 0 or > MostCharacters || trimmed.Any(c => c is <= ' ' or > '~'))
        {
            throw new UsageException(ErrorCodes.BadConfiguration, $"{origin} holds no token");
        }
        var token = new AccessToken(trimmed, origin);
        token.ReadClaims();
        return token;
    }

    /// <summary>Why a server may have refused it, as far as it says so itself; null when it says nothing against it.</summary>
    /// <param name="path">Of the object in its federation, escaped as in a URL.</param>
    /// <param name="bases">Where the scopes' own paths may begin, as <see cref="TokenScope.Allows"/> takes them.</param>
    internal string? Objection(
        StorageOperation operation,
        string path,
        IReadOnlyList<string> bases,
        DateTimeOffset now
    ) =>
        Expiry(now)
        ?? (
            Scopes is null || Scopes.Any(scope => TokenScope.Parse(scope)?.Allows(operation, path, bases) == true)
                ? null
                : $"the token of {Origin} is for {EntryPath.Quote(string.Join(' ', Scopes))}, not for {TokenScope.NameOf(operation)} of {EntryPath.Quote(path)}"
        );

    /// <summary>A sentence where it has ended; null where it has not, or does not say.</summary>
    internal string? Expiry(DateTimeOffset now) =>
        Expires is { } end && end <= now
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"the token of {Origin} expired at {end.UtcDateTime:yyyy-MM-dd HH:mm} UTC"
            )
            : null;

    /// <summary>How a server gets it; null where it would be read on the way: it would be anybody's then.</summary>
    internal AuthenticationHeaderValue? HeaderFor(Uri server) =>
        server.Scheme == "https" || server.IsLoopback ? new AuthenticationHeaderValue("Bearer", Text) : null;

    private void ReadClaims()
    {
        string[] parts = Text.Split('.');
        if (parts.Length != 3 || !Base64Url.IsValid(parts[1]))
        {
            return;
        }
        try
        {
            using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]));
            if (claims.RootElement.ValueKind != JsonValueKind.Object)
            {
                return;
            }
            if (claims.RootElement.TryGetProperty("exp", out JsonElement end) && end.TryGetDouble(out double seconds))
            {
                Expires = DateTimeOffset.FromUnixTimeSeconds((long)Math.Clamp(seconds, 0, 253402300799));
            }
            if (
                claims.RootElement.TryGetProperty("scope", out JsonElement scope)
                && scope.ValueKind == JsonValueKind.String
            )
            {
                Scopes = scope.GetString()!.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or DecoderFallbackException)
        {
            // Not every token is for us to read.
        }
    }
}
