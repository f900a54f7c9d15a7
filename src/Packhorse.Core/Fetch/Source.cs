using Packhorse.Model;

namespace Packhorse.Fetch;

/// <summary>Where bytes come from: an http(s) URL, an object of a bucket, or a file of this machine.</summary>
public sealed class Source
{
    private Source(Uri? url, string? path)
    {
        Url = url;
        Path = path;
    }

    /// <summary>What <see cref="Parse"/> takes, for messages.</summary>
    public const string SupportedKinds = "https://, http://, s3:// and file://";

    internal const string S3Scheme = "s3";

    /// <summary>Absolute: http, https or s3; null for a file.</summary>
    public Uri? Url { get; }

    /// <summary>A path of this machine; null for a URL.</summary>
    public string? Path { get; }

    /// <param name="text">A URL (<c>https:</c>, <c>http:</c>, <c>s3:</c>, <c>file:</c>) or a path.</param>
    /// <exception cref="UsageException">No URL, or of a kind that cannot be read.</exception>
    public static Source Parse(string text)
    {
        string? scheme = SchemeOf(text);
        if (scheme is null)
        {
            return OfPath(text, text);
        }
        if (scheme is not ("http" or "https" or S3Scheme or "file"))
        {
            throw new UsageException(
                ErrorCodes.UnsupportedUrl,
                $"{Redaction.Quote(text)} cannot be read: {scheme}:// is not supported, only {SupportedKinds} and paths"
            );
        }
        // RFC 8089 allows file:/path, System.Uri does not.
        bool isShort = scheme == "file" && !text.AsSpan(5).StartsWith("//", StringComparison.Ordinal);
        string full = isShort ? $"file://{text.AsSpan(5)}" : text;
        if (!Uri.TryCreate(full, UriKind.Absolute, out Uri? url) || (scheme != "file" && url.Host.Length == 0))
        {
            throw new UsageException(ErrorCodes.UnsupportedUrl, $"{Redaction.Quote(text)} is not a URL");
        }
        if (scheme != "file")
        {
            return new Source(url, null);
        }
        if (url.Host is not ("" or "localhost"))
        {
            throw new UsageException(
                ErrorCodes.UnsupportedUrl,
                $"{Redaction.Quote(text)} names a file of another machine"
            )
            {
                Hint = "a file URL of this machine begins with file:///",
            };
        }
        // The path itself, not Uri.LocalPath: that one makes a UNC path of file://localhost/.
        string path = Uri.UnescapeDataString(url.AbsolutePath);
        bool hasDrive = path.Length > 2 && path[2] == ':' && OperatingSystem.IsWindows();
        return OfPath(hasDrive ? path[1..] : path, text);
    }

    /// <summary>True when the text is a URL of a kind that <see cref="Parse"/> takes, or a path.</summary>
    public static bool IsSupported(string text) => SchemeOf(text) is null or "http" or "https" or S3Scheme or "file";

    /// <summary>Without secrets and control characters, quoted.</summary>
    public override string ToString() => Url is null ? EntryPath.Quote(Path!) : Redaction.Quote(Url.AbsoluteUri);

    private static Source OfPath(string path, string text) =>
        path.Length > 0 && !path.Contains('\0')
            ? new Source(null, path)
            : throw new UsageException(ErrorCodes.BadArguments, $"{Redaction.Quote(text)} is not a path");

    private static string? SchemeOf(string text)
    {
        int colon = text.IndexOf(':');
        bool isScheme =
            colon > 1
            && char.IsAsciiLetter(text[0])
            && text.AsSpan(0, colon).IndexOfAnyExcept(SchemeCharacters) < 0
            && (
                text.AsSpan(colon).StartsWith("://", StringComparison.Ordinal)
                || text.StartsWith("file:/", StringComparison.OrdinalIgnoreCase)
            );
        return isScheme ? text[..colon].ToLowerInvariant() : null;
    }

    private static readonly System.Buffers.SearchValues<char> SchemeCharacters = System.Buffers.SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-."
    );
}
