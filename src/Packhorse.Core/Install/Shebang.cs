using System.Text;

namespace Packhorse.Install;

/// <summary>The first line of a script, rewritten so that the kernel still finds its interpreter under the new prefix.</summary>
public static class Shebang
{
    /// <summary>A line no longer than this, and without the placeholder, stays as it is on every platform and at every prefix.</summary>
    public const int ShortestLimit = 127;

    /// <param name="line">The first line without its newline; begins with "#!".</param>
    /// <param name="placeholder">The prefix that the package was built with.</param>
    /// <returns>What stands there instead, without a newline at its end.</returns>
    public static byte[] Rewrite(ReadOnlySpan<byte> line, ReadOnlySpan<byte> placeholder, InstallTarget target)
    {
        // Latin-1 keeps every byte as one character, whatever the encoding.
        string text = Encoding.Latin1.GetString(line);
        string old = Encoding.Latin1.GetString(placeholder);
        string prefix = Encoding.Latin1.GetString(target.PrefixBytes);
        string rewritten;
        if (prefix.Contains(' '))
        {
            // The kernel would cut the interpreter's path at the blank.
            rewritten = text.Contains(old, StringComparison.Ordinal) ? Replace(ThroughEnvironment(text)) : text;
        }
        else
        {
            rewritten = Replace(text);
            if (rewritten.Length > target.LongestShebang)
            {
                rewritten = ThroughEnvironment(rewritten);
            }
        }
        return Encoding.Latin1.GetBytes(rewritten);

        string Replace(string within) => within.Replace(old, prefix, StringComparison.Ordinal);
    }

    /// <summary>
    /// The same interpreter without the kernel's limits: Python by a line that is both shell and Python, others by
    /// <c>/usr/bin/env</c> from PATH.
    /// </summary>
    private static string ThroughEnvironment(string line)
    {
        if (!TrySplit(line, out string interpreter, out string arguments))
        {
            return line;
        }
        string name = interpreter[(interpreter.LastIndexOf('/') + 1)..];
        return IsPython(name)
            ? $"#!/bin/sh\n'''exec' \"{interpreter}\"{arguments} \"$0\" \"$@\" #'''"
            : $"#!/usr/bin/env {name}{arguments}";
    }

    // "#!", blanks, an absolute path in which blanks are escaped, anything.
    private static bool TrySplit(string line, out string interpreter, out string arguments)
    {
        int start = 2;
        while (start < line.Length && line[start] == ' ')
        {
            start++;
        }
        int end = start;
        while (end < line.Length)
        {
            if (line[end] == '\\' && end + 1 < line.Length && line[end + 1] == ' ')
            {
                end += 2;
            }
            else if (line[end] is ' ' or '\t' or '\r' or '\n')
            {
                break;
            }
            else
            {
                end++;
            }
        }
        interpreter = line[start..end];
        arguments = line[end..];
        return interpreter.StartsWith('/');
    }

    // python, python3, python3.11
    private static bool IsPython(string name)
    {
        if (!name.StartsWith("python", StringComparison.Ordinal))
        {
            return false;
        }
        string[] numbers = name["python".Length..].Split('.');
        return numbers is [""]
            || (numbers.Length <= 2 && numbers.All(number => number.Length > 0 && number.All(char.IsAsciiDigit)));
    }
}
