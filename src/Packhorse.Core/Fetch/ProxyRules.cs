using System.Net;
using Packhorse.Model;

namespace Packhorse.Fetch;

/// <summary>Which proxy a URL goes by; as curl and pixi read the usual variables and <c>[proxy-config]</c>.</summary>
public sealed class ProxyRules : IWebProxy
{
    private readonly Proxy? _http;
    private readonly Proxy? _https;
    private readonly string[] _without;

    /// <param name="http">For http URLs; null or empty for none.</param>
    /// <param name="https">For https URLs; null or empty for none.</param>
    /// <param name="without">Hosts, <c>.domains</c>, addresses and networks (10.0.0.0/8) that need none; <c>*</c> is all.</param>
    /// <exception cref="UsageException">No URL of a proxy.</exception>
    public ProxyRules(
        (string? Url, string Origin) http,
        (string? Url, string Origin) https,
        IEnumerable<string> without
    )
    {
        _http = Proxy.Parse(http.Url, http.Origin);
        _https = Proxy.Parse(https.Url, https.Origin);
        _without = [.. without.Select(entry => entry.Trim()).Where(entry => entry.Length > 0)];
    }

    /// <summary>No proxy at all.</summary>
    public static ProxyRules None { get; } = new((null, ""), (null, ""), []);

    /// <summary>What the proxies want to know; from the user information of their URLs.</summary>
    public ICredentials? Credentials
    {
        get => new ProxyCredentials(_http, _https);
        set => throw new NotSupportedException();
    }

    public Uri? GetProxy(Uri destination) =>
        IsBypassed(destination) ? null : (destination.Scheme == Uri.UriSchemeHttps ? _https : _http)?.Address;

    public bool IsBypassed(Uri host) =>
        (host.Scheme == Uri.UriSchemeHttps ? _https : _http) is null
        || Array.Exists(_without, entry => Fits(entry, host));

    private static bool Fits(string entry, Uri url)
    {
        if (entry == "*")
        {
            return true;
        }
        string host = url.IdnHost.Trim('[', ']');
        if (IPAddress.TryParse(host, out IPAddress? address))
        {
            return entry.Contains('/', StringComparison.Ordinal)
                    ? IPNetwork.TryParse(entry, out IPNetwork network) && network.Contains(address)
                : IPAddress.TryParse(entry.Trim('[', ']'), out IPAddress? one) ? one.Equals(address)
                : entry == url.Authority;
        }
        int colon = entry.LastIndexOf(':');
        if (colon > 0)
        {
            return int.TryParse(entry.AsSpan(colon + 1), out int port)
                && port == url.Port
                && FitsDomain(entry[..colon], host);
        }
        return FitsDomain(entry, host);
    }

    private static bool FitsDomain(string entry, string host)
    {
        ReadOnlySpan<char> domain = entry.AsSpan().TrimStart('*').TrimStart('.').TrimEnd('.');
        return !domain.IsEmpty
            && host.AsSpan().EndsWith(domain, StringComparison.OrdinalIgnoreCase)
            && (host.Length == domain.Length || host[^(domain.Length + 1)] == '.');
    }

    private sealed record Proxy(Uri Address, NetworkCredential? Credential)
    {
        private static readonly string[] Schemes = ["http", "https", "socks4", "socks4a", "socks5"];

        public static Proxy? Parse(string? text, string origin)
        {
            if (string.IsNullOrWhiteSpace(text))
            {
                return null;
            }
            // As curl: without a scheme it is http. socks5h is what socks5 is here: the proxy resolves names.
            string full = text.Contains("://", StringComparison.Ordinal) ? text : $"http://{text}";
            full = full.StartsWith("socks5h://", StringComparison.OrdinalIgnoreCase) ? $"socks5://{full[10..]}" : full;
            if (!Uri.TryCreate(full, UriKind.Absolute, out Uri? url) || !Schemes.Contains(url.Scheme))
            {
                throw new UsageException(
                    ErrorCodes.BadConfiguration,
                    $"the proxy {Redaction.Quote(full)} of {origin} is not a URL of a proxy"
                )
                {
                    Hint = "it looks like http://proxy.example.org:3128 or socks5://127.0.0.1:1080",
                };
            }
            string[] parts = [.. url.UserInfo.Split(':', 2).Select(Uri.UnescapeDataString)];
            NetworkCredential? credential =
                url.UserInfo.Length > 0 ? new NetworkCredential(parts[0], parts.ElementAtOrDefault(1)) : null;
            return new Proxy(new UriBuilder(url) { UserName = "", Password = "" }.Uri, credential);
        }
    }

    private sealed class ProxyCredentials(Proxy? http, Proxy? https) : ICredentials
    {
        public NetworkCredential? GetCredential(Uri uri, string authType) =>
            https?.Address.Authority == uri.Authority ? https.Credential
            : http?.Address.Authority == uri.Authority ? http.Credential
            : null;
    }
}
