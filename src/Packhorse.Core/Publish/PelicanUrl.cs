using System.Diagnostics.CodeAnalysis;
using Packhorse.Model;

namespace Packhorse.Publish;

/// <summary>
/// The URL of an object of a Pelican federation: <c>pelican://HOST/path</c>, or <c>osdf:///path</c> for the Open Science Data
/// Federation (<c>stash://</c> is its old name).
/// </summary>
/// <param name="Host">Where the federation is discovered: host and perhaps port.</param>
/// <param name="Path">As in the URL, escaped; begins with a slash.</param>
/// <param name="Query">Without its question mark; empty when there is none.</param>
public sealed record PelicanUrl(string Scheme, string Host, string Path, string Query)
{
    /// <summary>Where the OSDF is discovered.</summary>
    public const string OsdfHost = "osg-htc.org";

    private const string DirectReadName = "directread";

    /// <summary>The name of the file.</summary>
    public string Name => Uri.UnescapeDataString(Path[(Path.LastIndexOf('/') + 1)..]);

    public bool IsDirectRead =>
        Query
            .Split('&')
            .Any(part => part == DirectReadName || part.StartsWith($"{DirectReadName}=", StringComparison.Ordinal));

    /// <summary>The same object, asked of its origin instead of a cache.</summary>
    public PelicanUrl WithDirectRead() =>
        IsDirectRead ? this : this with { Query = Query.Length == 0 ? DirectReadName : $"{Query}&{DirectReadName}" };

    public static bool IsOne(string text) => SchemeOf(text) is "osdf" or "pelican" or "stash";

    /// <summary>A fragment is left away: it is no part of the object's name.</summary>
    /// <exception cref="UsageException">It is none.</exception>
    public static PelicanUrl Parse(string text) =>
        TryParse(text, out PelicanUrl? url)
            ? url
            : throw new UsageException(ErrorCodes.UnsupportedUrl, $"{Redaction.Quote(text)} is no URL of a federation")
            {
                Hint = "as in osdf:///chtc/staging/u/user/environment.sh, or pelican://federation.example.org/path",
            };

    /// <inheritdoc cref="Parse"/>
    public static bool TryParse(string text, [NotNullWhen(true)] out PelicanUrl? url)
    {
        url = null;
        string? scheme = SchemeOf(text);
        if (scheme is not ("osdf" or "pelican" or "stash"))
        {
            return false;
        }
        string rest = text[(scheme.Length + 3)..].Split('#', 2)[0];
        string[] parts = rest.Split('?', 2);
        string query = parts.Length > 1 ? parts[1] : "";
        int slash = parts[0].IndexOf('/');
        string host = slash < 0 ? parts[0] : parts[0][..slash];
        string path = slash < 0 ? "/" : parts[0][slash..];
        if (scheme != "pelican")
        {
            // As other clients take it: what looks like a host is the first part of the path.
            path = host.Length > 0 ? $"/{host}{path}" : path;
            host = OsdfHost;
        }
        bool isUrl =
            host.Length > 0
            && !host.Contains('@')
            && Uri.TryCreate($"https://{host}{path}", UriKind.Absolute, out Uri? whole)
            && whole.AbsolutePath.Length > 1;
        if (!isUrl)
        {
            return false;
        }
        // Dots are resolved and what must be escaped is: a name of two spellings would be two objects.
        url = new PelicanUrl(scheme, host, new Uri($"https://{host}{path}").AbsolutePath, query);
        return true;
    }

    /// <summary>The object of that name below this URL taken as a directory.</summary>
    public PelicanUrl Child(string name) => this with { Path = $"{Path.TrimEnd('/')}/{EscapeSegment(name)}" };

    /// <summary>A path of a file system as the path of a URL. Commas too: they separate the files of a submit file.</summary>
    public static string Escape(string path) => string.Join('/', path.Split('/').Select(EscapeSegment));

    public override string ToString()
    {
        string host = Scheme == "pelican" ? Host : "";
        string query = Query.Length > 0 ? $"?{Query}" : "";
        return $"{Scheme}://{host}{Path}{query}";
    }

    private static string EscapeSegment(string segment) => Uri.EscapeDataString(segment);

    private static string? SchemeOf(string text)
    {
        int end = text.IndexOf("://", StringComparison.Ordinal);
        return end > 0 ? text[..end].ToLowerInvariant() : null;
    }
}
