using System.Net.Http.Headers;
using System.Text;

namespace Packhorse.Fetch;

/// <summary>
/// What tells a server who asks. A class and no record: nothing may print its members, so <see cref="ToString"/> says the kind and
/// the file only.
/// </summary>
public abstract class Credential
{
    private protected Credential(string kind, string origin)
    {
        Kind = kind;
        Origin = origin;
    }

    /// <summary>As rattler's credentials file calls it.</summary>
    public string Kind { get; }

    /// <summary>The file or the variables it is from.</summary>
    public string Origin { get; }

    /// <summary>The header that it is sent as; null when it is not sent as one.</summary>
    internal virtual AuthenticationHeaderValue? Header => null;

    /// <summary>The URL that is asked for.</summary>
    internal virtual Uri Apply(Uri url) => url;

    public override string ToString() => $"{Kind} of {Origin}";
}

/// <summary>A token in an Authorization header.</summary>
public sealed class BearerCredential(string token, string origin, string kind = "BearerToken")
    : Credential(kind, origin)
{
    internal override AuthenticationHeaderValue Header => new("Bearer", token);
}

/// <summary>A user's name and password.</summary>
public sealed class BasicCredential(string user, string password, string origin, string kind = "BasicHTTP")
    : Credential(kind, origin)
{
    internal override AuthenticationHeaderValue Header =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));
}

/// <summary>A token in the path: <c>https://host/t/TOKEN/channel/…</c>.</summary>
public sealed class CondaTokenCredential(string token, string origin) : Credential("CondaToken", origin)
{
    // A URL with a token of its own keeps it.
    internal override Uri Apply(Uri url) =>
        url.AbsolutePath.StartsWith("/t/", StringComparison.Ordinal)
            ? url
            : new UriBuilder(url) { Path = $"/t/{Uri.EscapeDataString(token)}{url.AbsolutePath}" }.Uri;
}

/// <summary>What requests for a bucket are signed with.</summary>
public sealed class S3Credential(string accessKeyId, string secretAccessKey, string? sessionToken, string origin)
    : Credential("S3Credentials", origin)
{
    public string AccessKeyId { get; } = accessKeyId;

    internal string SecretAccessKey { get; } = secretAccessKey;

    internal string? SessionToken { get; } = sessionToken;
}
