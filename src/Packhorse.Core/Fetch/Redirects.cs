using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Packhorse.Model;

namespace Packhorse.Fetch;

/// <summary>The way from a URL to where it is served.</summary>
internal sealed class Redirects
{
    private const int Most = 10;

    private readonly Uri _origin;
    private readonly HashSet<string> _visited;

    public Redirects(Uri origin)
    {
        _origin = origin;
        _visited = [origin.AbsoluteUri];
        Current = origin;
    }

    public Uri Current { get; private set; }

    /// <summary>Credentials for the first URL may be sent: scheme, host and port are its own.</summary>
    public bool IsAtOrigin => Current.Scheme == _origin.Scheme && Current.Authority == _origin.Authority;

    public static bool IsRedirect(HttpStatusCode status) =>
        status
            is HttpStatusCode.MovedPermanently
                or HttpStatusCode.Found
                or HttpStatusCode.SeeOther
                or HttpStatusCode.TemporaryRedirect
                or HttpStatusCode.PermanentRedirect;

    /// <summary>The user information of a URL as a header; null where there is none.</summary>
    public static AuthenticationHeaderValue? BasicOf(Uri url)
    {
        if (url.UserInfo.Length == 0)
        {
            return null;
        }
        // Each side by itself: an escaped ':' belongs to the password.
        string text = string.Join(':', url.UserInfo.Split(':', 2).Select(Uri.UnescapeDataString));
        return new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(text)));
    }

    /// <exception cref="AttemptFailure">It leads nowhere, in circles, or off the encrypted way.</exception>
    public void Follow(Uri? location)
    {
        if (location is null || !Uri.TryCreate(Current, location, out Uri? next))
        {
            throw Refused("it redirects to nowhere");
        }
        string shown = Redaction.Quote(next.AbsoluteUri);
        if (next.Scheme is not ("http" or "https"))
        {
            throw Refused($"it redirects to {shown}, which is not of the web");
        }
        if (Current.Scheme == "https" && next.Scheme == "http")
        {
            throw Refused($"it redirects to {shown}, which is not encrypted");
        }
        if (!_visited.Add(next.AbsoluteUri))
        {
            throw Refused($"it redirects in circles, to {shown} again");
        }
        if (_visited.Count > Most + 1)
        {
            throw Refused($"it redirects more than {Most} times");
        }
        Current = next;
    }

    private AttemptFailure Refused(string message) =>
        new(FetchIncidentKind.Rejected, message) { Host = Current.Authority };
}
