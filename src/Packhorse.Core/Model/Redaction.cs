using System.Text;

namespace Packhorse.Model;

/// <summary>
/// Takes secrets out of URLs before they are shown: user information, conda tokens (<c>/t/TOKEN/</c>) and the signed or secret
/// parameters of a query. Works on text, so that a URL too broken to be parsed is no way around it.
/// </summary>
public static class Redaction
{
    /// <summary>Stands where a secret was.</summary>
    public const string Mark = "***";

    // A parameter whose name has one of these in it is a secret: X-Amz-Signature, X-Goog-Credential, AWSAccessKeyId, sig, access_token…
    private static readonly string[] SecretWords =
    [
        "x-amz-",
        "x-goog-",
        "sig",
        "token",
        "key",
        "secret",
        "pass",
        "credential",
        "auth",
        "jwt",
    ];

    /// <returns>The URL without its secrets; a path or other text without "://" unchanged.</returns>
    public static string Url(string url)
    {
        int scheme = url.IndexOf("://", StringComparison.Ordinal);
        if (scheme < 0)
        {
            return url;
        }
        int authority = scheme + 3;
        int fragment = IndexOrEnd(url, '#', authority);
        int query = Math.Min(IndexOrEnd(url, '?', authority), fragment);
        int path = Math.Min(IndexOrEnd(url, '/', authority), query);
        var shown = new StringBuilder(url, 0, authority, url.Length);
        AppendAuthority(shown, url.AsSpan(authority, path - authority));
        AppendPath(shown, url.AsSpan(path, query - path));
        AppendParameters(shown, url.AsSpan(query, fragment - query));
        AppendParameters(shown, url.AsSpan(fragment));
        return shown.ToString();
    }

    /// <summary>A URL or path as messages show it: without secrets, quoted, without control characters.</summary>
    public static string Quote(string url) => EntryPath.Quote(Url(url));

    private static int IndexOrEnd(string text, char wanted, int start)
    {
        int index = text.IndexOf(wanted, start);
        return index < 0 ? text.Length : index;
    }

    private static void AppendAuthority(StringBuilder shown, ReadOnlySpan<char> authority)
    {
        // The last one: a password may hold an unescaped '@'.
        int at = authority.LastIndexOf('@');
        if (at >= 0)
        {
            shown.Append(Mark).Append('@');
        }
        shown.Append(authority[(at + 1)..]);
    }

    private static void AppendPath(StringBuilder shown, ReadOnlySpan<char> path)
    {
        bool first = true;
        bool isToken = false;
        foreach (Range range in path.Split('/'))
        {
            ReadOnlySpan<char> segment = path[range];
            shown.Append(first ? "" : "/").Append(isToken && !segment.IsEmpty ? Mark : segment);
            isToken = segment is "t" || (isToken && segment.IsEmpty);
            first = false;
        }
    }

    // Query and fragment alike: some services put access tokens behind the '#'.
    private static void AppendParameters(StringBuilder shown, ReadOnlySpan<char> parameters)
    {
        if (parameters.IsEmpty)
        {
            return;
        }
        shown.Append(parameters[0]);
        bool first = true;
        foreach (Range range in parameters[1..].Split('&'))
        {
            ReadOnlySpan<char> parameter = parameters[1..][range];
            int equals = parameter.IndexOf('=');
            shown.Append(first ? "" : "&");
            if (equals >= 0 && IsSecret(parameter[..equals]))
            {
                shown.Append(parameter[..(equals + 1)]).Append(Mark);
            }
            else
            {
                shown.Append(parameter);
            }
            first = false;
        }
    }

    private static bool IsSecret(ReadOnlySpan<char> name)
    {
        foreach (string word in SecretWords)
        {
            if (name.Contains(word, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }
        return false;
    }
}
