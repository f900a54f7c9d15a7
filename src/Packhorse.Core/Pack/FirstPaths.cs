using System.Text;
using Packhorse.Image;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Pack;

/// <summary>Reads a list of what is to be unpacked first.</summary>
public static class FirstPaths
{
    /// <param name="path">A file with a path below the prefix in each line, or the record of a program (<see cref="UsageRecord"/>).</param>
    /// <exception cref="PackhorseException">It cannot be read, or is damaged.</exception>
    public static IReadOnlyList<string> Read(string path)
    {
        byte[] content = InputFile.ReadAllBytes(path, Limits.TextBytes);
        if (content.AsSpan().TrimStart(" \t\r\n"u8).StartsWith("{"u8))
        {
            return [.. UsageRecord.Parse(content, path).Select(range => range.Path).Distinct(StringComparer.Ordinal)];
        }
        return
        [
            .. Encoding
                .UTF8.GetString(content)
                .Split('\n')
                .Select(line => line.TrimEnd('\r').TrimEnd('/'))
                .Where(line => line.Length > 0),
        ];
    }
}
