using System.Globalization;
using System.Text;

namespace Packhorse.Output;

/// <summary>The last step before a message is shown: much of it comes from files, and none of it may steer the terminal.</summary>
internal static class Printable
{
    /// <returns>The text with control characters, but for line breaks and tabs, as <c>\u{…}</c>.</returns>
    public static string Text(string text)
    {
        if (!text.Any(IsUnsafe))
        {
            return text;
        }
        var shown = new StringBuilder(text.Length + 16);
        foreach (char c in text)
        {
            _ = IsUnsafe(c) ? shown.Append(CultureInfo.InvariantCulture, $"\\u{{{(int)c:x}}}") : shown.Append(c);
        }
        return shown.ToString();
    }

    // Overrides of the writing direction can make a name look like another.
    private static bool IsUnsafe(char c) =>
        (char.IsControl(c) && c is not ('\n' or '\t'))
        || c is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
}
