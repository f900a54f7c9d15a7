namespace Packhorse.Fetch;

/// <summary>
/// Where to go instead: URL prefixes and the prefixes that replace them, as in <c>[mirrors]</c> of pixi's <c>config.toml</c>. The
/// longest prefix decides; its mirrors replace the URL wholly, so a place that shall stay in use is listed as its own mirror.
/// Remembers how often each mirror failed.
/// </summary>
public sealed class MirrorMap
{
    private readonly List<(string Prefix, Mirror[] Mirrors)> _prefixes = [];

    /// <summary>Both sides are URL prefixes that end at a segment of the path: '/' is added where it lacks.</summary>
    public MirrorMap(IEnumerable<KeyValuePair<string, IReadOnlyList<string>>> mirrors)
    {
        foreach ((string prefix, IReadOnlyList<string> replacements) in mirrors)
        {
            _prefixes.Add((Normalize(prefix), [.. replacements.Select(text => new Mirror(Normalize(text)))]));
        }
        // Stable, though two prefixes of one length cannot both fit.
        _prefixes = [.. _prefixes.OrderByDescending(entry => entry.Prefix.Length)];
    }

    /// <summary>No mirrors: every URL stands for itself.</summary>
    public static MirrorMap Empty { get; } = new([]);

    /// <summary>Where a URL would be asked for, the place with the fewest failures so far first, else in the order given.</summary>
    public IReadOnlyList<string> UrlsFor(string url) =>
        [.. Candidates(url).OrderBy(candidate => candidate.Mirror?.Failures ?? 0).Select(candidate => candidate.Url)];

    /// <summary>In the order given.</summary>
    internal IReadOnlyList<(string Url, Mirror? Mirror)> Candidates(string url)
    {
        string normal = Uri.TryCreate(url, UriKind.Absolute, out Uri? parsed) ? parsed.AbsoluteUri : url;
        foreach ((string prefix, Mirror[] mirrors) in _prefixes)
        {
            if (mirrors.Length > 0 && normal.StartsWith(prefix, StringComparison.Ordinal))
            {
                return [.. mirrors.Select(mirror => (mirror.Prefix + normal[prefix.Length..], (Mirror?)mirror))];
            }
        }
        return [(url, null)];
    }

    // As System.Uri writes it: scheme and host in lower case, the default port left out.
    private static string Normalize(string prefix)
    {
        string normal = Uri.TryCreate(prefix, UriKind.Absolute, out Uri? url) ? url.AbsoluteUri : prefix;
        return normal.EndsWith('/') ? normal : normal + '/';
    }
}

/// <summary>One replacement for a prefix.</summary>
internal sealed class Mirror(string prefix)
{
    private int _failures;

    public string Prefix { get; } = prefix;

    /// <summary>In all downloads so far; what the file itself lacks (404) is no failure of the mirror.</summary>
    public int Failures => Volatile.Read(ref _failures);

    public void AddFailure() => Interlocked.Increment(ref _failures);
}
