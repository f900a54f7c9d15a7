using System.Security.Cryptography;

namespace Packhorse.Tests.Support;

/// <summary>
/// What is in a directory, a line a path, sorted: type, permission bits, text of a link; of files also the time of modification and
/// the SHA-256.
/// </summary>
public static class TreeListing
{
    public static IReadOnlyList<string> Of(string root)
    {
        var lines = new List<string>();
        Add(new DirectoryInfo(root), "", lines);
        lines.Sort(StringComparer.Ordinal);
        return lines;
    }

    /// <summary>Relative paths of all files and links, sorted.</summary>
    public static IReadOnlyList<string> Files(string root) =>
        [.. Of(root).Where(line => !line.EndsWith('/')).Select(line => line.Split('\t')[0])];

    /// <summary>Fails with the lines that only one of them has.</summary>
    public static void AssertSame(IReadOnlyList<string> expected, IReadOnlyList<string> actual)
    {
        string[] missing = [.. expected.Except(actual).Take(10)];
        string[] unexpected = [.. actual.Except(expected).Take(10)];
        Assert.True(
            missing.Length == 0 && unexpected.Length == 0,
            $"missing:\n{string.Join('\n', missing)}\nunexpected:\n{string.Join('\n', unexpected)}"
        );
        Assert.Equal(expected.Count, actual.Count);
    }

    private static void Add(DirectoryInfo directory, string prefix, List<string> lines)
    {
        foreach (FileSystemInfo entry in directory.EnumerateFileSystemInfos())
        {
            string path = prefix + entry.Name;
            if (entry.LinkTarget is { } target)
            {
                lines.Add($"{path}\tlink {target}");
            }
            else if (entry is DirectoryInfo inner)
            {
                lines.Add($"{path}\t{Octal(inner.UnixFileMode)}\t/");
                Add(inner, path + "/", lines);
            }
            else
            {
                using FileStream content = File.OpenRead(entry.FullName);
                string sha256 = Convert.ToHexStringLower(SHA256.HashData(content));
                lines.Add($"{path}\t{Octal(entry.UnixFileMode)}\t{entry.LastWriteTimeUtc:O}\t{sha256}");
            }
        }
    }

    private static string Octal(UnixFileMode mode) => Convert.ToString((int)mode, 8);
}
