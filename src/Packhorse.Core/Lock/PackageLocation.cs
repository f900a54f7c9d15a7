using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Packhorse.Model;

namespace Packhorse.Lock;

/// <summary>
/// Where a locked package is to be had: a URL of any scheme, or a path. A relative path is relative to the directory of the lock
/// file. A value; nothing is opened.
/// </summary>
public sealed record PackageLocation
{
    // uv's mark of a URL that the manifest itself names
    private const string DirectPrefix = "direct+";

    private static readonly SearchValues<char> SchemeCharacters = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-."
    );

    private PackageLocation(string text, string? url, string? path)
    {
        Text = text;
        Url = url;
        Path = path;
        (string? parent, string? name) = LastSegments(url is null ? path! : PathOf(url), url is null);
        ParentName = parent;
        FileName = name;
    }

    /// <summary>As the lock file has it.</summary>
    public string Text { get; }

    /// <summary>Without <c>direct+</c>; may hold credentials. Null: it is a path.</summary>
    public string? Url { get; }

    /// <summary>The manifest itself names the URL: the lock file has <c>direct+</c> before it.</summary>
    public bool IsDirect => Url is not null && Text.StartsWith(DirectPrefix, StringComparison.Ordinal);

    /// <summary><c>file://</c> URLs come as paths too. Null: it is a URL.</summary>
    public string? Path { get; }

    /// <summary>Lower case, for example <c>https</c>, <c>s3</c> or <c>git+https</c>; null for a path.</summary>
    public string? Scheme => Url?[..SchemeLength(Url)].ToLowerInvariant();

    /// <summary>Percent-decoded; always one safe path component. Null where there is none, as in <c>./</c> or <c>..</c>.</summary>
    public string? FileName { get; }

    /// <summary>The component before <see cref="FileName"/>: the subdir, in a channel.</summary>
    internal string? ParentName { get; }

    /// <summary>Equal for locations that mean the same: <c>./a</c> and <c>a</c>, <c>file:///a</c> and <c>/a</c>.</summary>
    internal string Key => Url ?? "\0" + Normalize(Path!);

    /// <summary>What packages are sorted by.</summary>
    internal string SortKey => Url is null ? Path! : Text;

    /// <param name="problem">On failure, how the message goes on after the text.</param>
    public static bool TryParse(
        string text,
        [NotNullWhen(true)] out PackageLocation? location,
        [NotNullWhen(false)] out string? problem
    )
    {
        location = null;
        string target = text.StartsWith(DirectPrefix, StringComparison.Ordinal) ? text[DirectPrefix.Length..] : text;
        int scheme = SchemeLength(target);
        bool isFile = target.AsSpan(0, scheme).Equals("file", StringComparison.OrdinalIgnoreCase);
        // "C:\a" and "c:/a" are drives of Windows.
        bool isPath = isFile || scheme <= 1;
        if (isFile)
        {
            target = FileUrlToPath(target[(scheme + 1)..]);
        }
        problem =
            target.Length == 0 ? "is no location"
            : target.Any(char.IsControl) ? "has control characters"
            : !isPath && !IsWellFormed(target, scheme) ? "is not a URL"
            : null;
        if (problem is not null)
        {
            return false;
        }
        location = new PackageLocation(text, isPath ? null : target, isPath ? target : null);
        // A name such as "..%2Fx.conda" would lead out of the directory that it is put into.
        if (location.FileName is { } name && !IsSafeFileName(name))
        {
            location = null;
            problem = "has an unsafe file name";
            return false;
        }
        return true;
    }

    /// <returns>True for one component of a path that means the same on every system.</returns>
    internal static bool IsSafeFileName(string name) =>
        EntryPath.IsSafe(name) && !name.AsSpan().ContainsAny('/', '\\') && !name.Any(char.IsControl);

    /// <summary>The URL of the channel, with a slash at its end: all but the last two segments of the path.</summary>
    internal string? DeriveChannel()
    {
        if (Url is null)
        {
            return null;
        }
        int start = Url.Length - PathOf(Url).Length;
        string path = PathOf(Url.Split('?', '#')[0]);
        for (int i = 0; i < 2 && path.Length > 0; i++)
        {
            path = path[..Math.Max(0, path.LastIndexOf('/'))];
        }
        return Url[..start] + path + "/";
    }

    public override string ToString() => Text;

    private static bool IsWellFormed(string url, int scheme)
    {
        bool isWeb = url.AsSpan(0, scheme) is "http" or "https";
        return !isWeb || (Uri.TryCreate(url, UriKind.Absolute, out Uri? parsed) && parsed.Host.Length > 0);
    }

    // RFC 3986, 3.1. 0: there is none.
    private static int SchemeLength(string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0 || !char.IsAsciiLetter(text[0]))
        {
            return 0;
        }
        return text.AsSpan(0, colon).IndexOfAnyExcept(SchemeCharacters) < 0 ? colon : 0;
    }

    /// <param name="rest">What follows <c>file:</c>.</param>
    private static string FileUrlToPath(string rest)
    {
        string path = Uri.UnescapeDataString(rest.Split('?', '#')[0]);
        if (!path.StartsWith("//", StringComparison.Ordinal))
        {
            return path;
        }
        path = path[2..];
        if (path.StartsWith("localhost/", StringComparison.OrdinalIgnoreCase))
        {
            path = path["localhost".Length..];
        }
        if (!path.StartsWith('/'))
        {
            // A host: a share of Windows.
            return @"\\" + path.Replace('/', '\\');
        }
        // "/C:/a" is the path C:/a.
        return path.Length >= 3 && char.IsAsciiLetter(path[1]) && path[2] == ':' ? path[1..] : path;
    }

    /// <summary>From the first slash after the authority; empty where there is none.</summary>
    private static string PathOf(string url)
    {
        int authority = SchemeLength(url) + 1;
        if (!url.AsSpan(authority).StartsWith("//"))
        {
            return "";
        }
        int path = url.IndexOfAny(['/', '?', '#'], authority + 2);
        return path < 0 || url[path] != '/' ? "" : url[path..];
    }

    private static (string? Parent, string? Name) LastSegments(string path, bool isPath)
    {
        string[] segments = isPath ? path.Split(Separators(path)) : path.Split('?', '#')[0].Split('/');
        string name = isPath ? segments[^1] : Uri.UnescapeDataString(segments[^1]);
        return (segments.Length > 1 ? segments[^2] : null, name is "" or "." or ".." ? null : name);
    }

    private static char[] Separators(string path) =>
        path.Contains('\\', StringComparison.Ordinal) || SchemeLength(path) == 1 ? ['/', '\\'] : ['/'];

    // Lexical, as links are not known here: "a/../b" is "b", "../a" stays.
    private static string Normalize(string path)
    {
        var kept = new List<string>();
        char[] separators = Separators(path);
        bool isRooted = separators.Contains(path[0]);
        foreach (string component in path.Split(separators))
        {
            if (component is "" or ".")
            {
                continue;
            }
            if (component != "..")
            {
                kept.Add(component);
            }
            else if (kept.Count > 0 && kept[^1] != "..")
            {
                kept.RemoveAt(kept.Count - 1);
            }
            else if (!isRooted)
            {
                kept.Add(component);
            }
        }
        return (isRooted ? "/" : "") + string.Join('/', kept);
    }
}
