using System.Text;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Fetch;

/// <summary>Where credentials are looked for; null where there is none of a kind.</summary>
public sealed record CredentialPaths
{
    /// <summary>Named by the user, the first to be asked first; they have to be there.</summary>
    public IReadOnlyList<string> Named { get; init; } = [];

    /// <summary>NETRC: it has to be there.</summary>
    public string? Netrc { get; init; }

    /// <summary>Whose <c>.rattler/credentials.json</c> and <c>.netrc</c> are used when they are there.</summary>
    public string? Home { get; init; }
}

/// <summary>
/// Who may ask what: credentials by host, <c>host:port</c>, URL prefix and <c>*.domain</c>, from rattler's credentials files and
/// netrc. What says more about a URL decides; of the same the file that is named first.
/// </summary>
public sealed class Credentials
{
    private const int MostBytes = 16 << 20;

    private readonly List<Dictionary<string, Credential>> _files = [];

    private Credentials() { }

    public static Credentials None { get; } = new();

    /// <param name="now">What tells whether a token has expired.</param>
    /// <param name="warn">Told of files that others can read, and of entries that cannot be used.</param>
    /// <exception cref="NotFoundException">A file that was named is not there.</exception>
    /// <exception cref="UsageException">A file is broken.</exception>
    public static Credentials Load(CredentialPaths paths, DateTimeOffset now, Action<string> warn)
    {
        var credentials = new Credentials();
        foreach (string path in paths.Named)
        {
            credentials.AddRattler(path, now, warn);
        }
        if (paths.Home is { } home && System.IO.Path.Combine(home, ".rattler/credentials.json") is { } own)
        {
            if (FileTree.FileExists(own))
            {
                credentials.AddRattler(own, now, warn);
            }
        }
        if (paths.Netrc is { } netrc)
        {
            credentials.AddNetrc(netrc, warn);
        }
        else if (paths.Home is { } directory && FileTree.FileExists(System.IO.Path.Combine(directory, ".netrc")))
        {
            credentials.AddNetrc(System.IO.Path.Combine(directory, ".netrc"), warn);
        }
        return credentials;
    }

    /// <summary>What is known for a URL; null for nothing.</summary>
    public Credential? Find(Uri url) =>
        _files.Count == 0
            ? null
            : KeysFor(url)
                .Select(key => _files.Find(file => file.ContainsKey(key))?[key])
                .FirstOrDefault(credential => credential is not null);

    /// <summary>What credentials for a URL may be listed as, the most telling first.</summary>
    internal static IEnumerable<string> KeysFor(Uri url)
    {
        string origin = $"{url.Scheme}://{url.Authority}";
        string path = url.AbsolutePath.TrimEnd('/');
        while (path.Length > 0)
        {
            yield return origin + path;
            path = path[..path.LastIndexOf('/')];
        }
        yield return origin;
        if (url.Authority != url.Host)
        {
            yield return url.Authority;
        }
        yield return url.Host;
        if (url.HostNameType != UriHostNameType.Dns)
        {
            yield break;
        }
        for (string? domain = url.Host; domain is not null; )
        {
            yield return $"*.{domain}";
            int dot = domain.IndexOf('.');
            domain = dot < 0 ? null : domain[(dot + 1)..];
        }
    }

    private void AddRattler(string path, DateTimeOffset now, Action<string> warn)
    {
        byte[] json = Read(path, warn);
        var warnings = new List<string>();
        Dictionary<string, Credential> parsed = CredentialsFile.Parse(json, path, now, warnings);
        warnings.ForEach(warn);
        _files.Add(parsed.ToDictionary(pair => NormalKey(pair.Key), pair => pair.Value, StringComparer.Ordinal));
    }

    private void AddNetrc(string path, Action<string> warn) =>
        _files.Add(NetrcFile.Parse(Encoding.UTF8.GetString(Read(path, warn)), path));

    private static byte[] Read(string path, Action<string> warn)
    {
        byte[] content;
        try
        {
            content = InputFile.ReadAllBytes(path, MostBytes);
        }
        catch (NotFoundException error)
        {
            throw new NotFoundException(
                ErrorCodes.FileNotFound,
                $"the credentials file {EntryPath.Quote(path)} does not exist",
                error
            );
        }
        if (FilePermissions.IsOpenToOthers(path))
        {
            warn($"{path} holds credentials, and others can read it: chmod 600 it");
        }
        return content;
    }

    // As System.Uri writes URLs; hosts in lower case.
    private static string NormalKey(string key) =>
        key.Contains("://", StringComparison.Ordinal) && Uri.TryCreate(key, UriKind.Absolute, out Uri? url)
            ? $"{url.Scheme}://{url.Authority}{url.AbsolutePath.TrimEnd('/')}"
            : key.ToLowerInvariant();
}
