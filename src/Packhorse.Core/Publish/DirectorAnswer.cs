using System.Text.RegularExpressions;
using Packhorse.Model;

namespace Packhorse.Publish;

/// <summary>
/// What a Pelican director answers: 307, with the servers in <c>Location</c> and <c>Link</c> (<c>rel="duplicate"; pri=N</c>), and what it
/// says of the namespace in <c>X-Pelican-Namespace</c>.
/// </summary>
internal static partial class DirectorAnswer
{
    /// <exception cref="OperationFailedException">It leads nowhere that may be followed.</exception>
    public static ObjectLocation Read(HttpResponseMessage response, Uri asked, int most)
    {
        var servers = new List<Uri>();
        foreach (Uri server in Links(response))
        {
            if (!servers.Contains(server))
            {
                servers.Add(server);
            }
        }
        if (response.Headers.Location is { } location && new Uri(asked, location) is var first)
        {
            // The Link header has it too; where it has none, this is all.
            servers.Remove(first);
            servers.Insert(0, first);
        }
        if (servers.Count == 0)
        {
            throw Nonsense(asked, "it redirects to nowhere");
        }
        foreach (Uri server in servers)
        {
            string shown = Redaction.Quote(server.AbsoluteUri);
            if (server.Scheme is not ("http" or "https"))
            {
                throw Nonsense(asked, $"it redirects to {shown}, which is not of the web");
            }
            if (asked.Scheme == "https" && server.Scheme == "http")
            {
                throw Nonsense(asked, $"it redirects to {shown}, which is not encrypted");
            }
            if (server.Authority == asked.Authority && server.AbsolutePath == asked.AbsolutePath)
            {
                throw Nonsense(asked, "it redirects in circles, to itself");
            }
        }
        return Located(response, [.. servers.Take(most)]);
    }

    /// <summary>The director has answered itself what was asked of an origin.</summary>
    public static ObjectLocation OfItself(HttpResponseMessage response, Uri asked) => Located(response, [asked]);

    private static ObjectLocation Located(HttpResponseMessage response, IReadOnlyList<Uri> servers)
    {
        IReadOnlyDictionary<string, string> words = Words(response, "X-Pelican-Namespace");
        string? name = words.GetValueOrDefault("namespace");
        // An issuer's base may be above the namespace. Where nothing is said of it, either is meant.
        string? origin = Words(response, "X-Pelican-Token-Generation").GetValueOrDefault("base-path");
        return new ObjectLocation(servers, name, words.GetValueOrDefault("require-token") == "true")
        {
            TokenBases =
                !string.IsNullOrEmpty(origin) ? [origin]
                : name is not null ? [name, "/"]
                : [],
            Now = response.Headers.Date,
        };
    }

    public static PackhorseException Refusal(HttpResponseMessage response, PelicanUrl url, HttpMethod method)
    {
        int status = (int)response.StatusCode;
        string message = $"the director refused {EntryPath.Quote(url.ToString())}: it answered {status}";
        return status switch
        {
            404 => new NotFoundException(ErrorCodes.UrlNotFound, $"{message}, it knows no such object or namespace")
            {
                Hint = "check the path: the first parts name the namespace, such as /chtc or /ospool",
            },
            405 when method == HttpMethod.Put => new SystemRefusedException(
                ErrorCodes.PermissionDenied,
                $"{message}, no origin of the namespace can be written to"
            )
            {
                Hint = "publish to the directory that the origin exports, from a machine that has it",
            },
            401 or 403 => new SystemRefusedException(ErrorCodes.PermissionDenied, message)
            {
                Hint = "it may need a token: --token-file, BEARER_TOKEN or BEARER_TOKEN_FILE",
            },
            _ => new OperationFailedException(ErrorCodes.ServerRefused, message),
        };
    }

    private static IEnumerable<Uri> Links(HttpResponseMessage response)
    {
        if (!response.Headers.TryGetValues("Link", out IEnumerable<string>? values))
        {
            return [];
        }
        return string.Join(',', values) is { } text
            ? Link()
                .Matches(text)
                .Where(match => match.Groups["parameters"].Value.Contains("duplicate", StringComparison.Ordinal))
                .Select(match =>
                    (
                        Url: Uri.TryCreate(match.Groups["url"].Value, UriKind.Absolute, out Uri? url) ? url : null,
                        Priority: Priority().Match(match.Groups["parameters"].Value) is { Success: true } found
                        && int.TryParse(found.Groups[1].ValueSpan, out int priority)
                            ? priority
                            : int.MaxValue
                    )
                )
                .Where(link => link.Url is not null)
                .OrderBy(link => link.Priority)
                .Select(link => link.Url!)
            : [];
    }

    private static Dictionary<string, string> Words(HttpResponseMessage response, string header) =>
        response.Headers.TryGetValues(header, out IEnumerable<string>? values)
            ? string.Join(',', values)
                .Split(',', StringSplitOptions.TrimEntries)
                .Select(part => part.Split('=', 2))
                .Where(pair => pair.Length == 2)
                .DistinctBy(pair => pair[0])
                .ToDictionary(pair => pair[0], pair => pair[1].Trim(), StringComparer.Ordinal)
            : [];

    private static OperationFailedException Nonsense(Uri asked, string what) =>
        new(ErrorCodes.ServerRefused, $"the director at {asked.Authority} makes no sense: {what}");

    [GeneratedRegex("<(?<url>[^<>]{1,4096})>(?<parameters>[^<>]{0,1000})")]
    private static partial Regex Link();

    [GeneratedRegex(@"pri=""?(\d{1,6})")]
    private static partial Regex Priority();
}
