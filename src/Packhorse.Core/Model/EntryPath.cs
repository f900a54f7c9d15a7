using System.Text;

namespace Packhorse.Model;

/// <summary>Rules for the relative paths inside packages and packs: what comes out never leaves the directory it is put into.</summary>
public static class EntryPath
{
    /// <summary>Removes leading "./" and one trailing "/", then checks.</summary>
    /// <returns>A path of the form <c>a/b/c</c>; empty for the root itself.</returns>
    /// <exception cref="CorruptDataException">Absolute, with "..", "." or empty components, with NUL, or too long.</exception>
    public static string Normalize(string path, string where)
    {
        string trimmed = path;
        while (trimmed.StartsWith("./", StringComparison.Ordinal))
        {
            trimmed = trimmed[2..];
        }
        if (trimmed.EndsWith('/'))
        {
            trimmed = trimmed[..^1];
        }
        if (trimmed is "" or ".")
        {
            return "";
        }
        if (!IsSafe(trimmed))
        {
            throw new CorruptDataException(
                ErrorCodes.UnsafePath,
                $"{where}: the path {Quote(path)} is absolute, leaves its directory or is too long"
            );
        }
        return trimmed;
    }

    /// <returns>True for <c>a/b/c</c> whose components are neither empty, "." nor "..", hold no NUL and are within the limits.</returns>
    public static bool IsSafe(ReadOnlySpan<char> path)
    {
        if (path.IsEmpty || path.Contains('\0') || Encoding.UTF8.GetByteCount(path) > Limits.PathBytes)
        {
            return false;
        }
        foreach (Range range in path.Split('/'))
        {
            ReadOnlySpan<char> component = path[range];
            if (component.IsEmpty || component is "." or "..")
            {
                return false;
            }
            // A UTF-16 unit is at most three bytes of UTF-8: the exact count is needed only for long components.
            if (
                component.Length * 3 > Limits.PathComponentBytes
                && Encoding.UTF8.GetByteCount(component) > Limits.PathComponentBytes
            )
            {
                return false;
            }
        }
        return true;
    }

    /// <returns>True when a symbolic link at <paramref name="linkPath"/> with text <paramref name="target"/> stays inside the root.</returns>
    /// <remarks>Lexical: links that other links redirect are not followed.</remarks>
    public static bool LinkStaysInside(ReadOnlySpan<char> linkPath, ReadOnlySpan<char> target)
    {
        if (target.IsEmpty || target[0] == '/')
        {
            return false;
        }
        int depth = linkPath.Count('/');
        foreach (Range range in target.Split('/'))
        {
            ReadOnlySpan<char> component = target[range];
            if (component is "..")
            {
                if (--depth < 0)
                {
                    return false;
                }
            }
            else if (!component.IsEmpty && component is not ".")
            {
                depth++;
            }
        }
        return true;
    }

    /// <summary>Makes text from outside safe to print: control characters become escapes, long text is cut.</summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder("'");
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (quoted.Length > 200)
            {
                quoted.Append('…');
                break;
            }
            if (Rune.IsControl(rune) || rune.Value == 0xFFFD)
            {
                quoted.Append(System.Globalization.CultureInfo.InvariantCulture, $"\\u{{{rune.Value:x}}}");
            }
            else
            {
                quoted.Append(rune);
            }
        }
        return quoted.Append('\'').ToString();
    }
}
