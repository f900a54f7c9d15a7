using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace Packhorse.Tests.BadInput;

/// <summary>All that is below a directory, as text that can be compared.</summary>
internal static partial class Tree
{
    /// <summary>A line for each path: its kind, permissions and content. Symbolic links are not followed.</summary>
    public static string Describe(string root) => string.Join('\n', Lines(root, root).Order(StringComparer.Ordinal));

    /// <summary>
    /// What an unpacked environment holds, without what says where its packages were published: nothing in a pack vouches for that.
    /// </summary>
    public static string DescribeEnvironment(string root) =>
        string.Join('\n', Lines(root, root, WithoutOrigin).Order(StringComparer.Ordinal));

    public static IEnumerable<string> Names(string root) =>
        Directory
            .EnumerateFileSystemEntries(root, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(root, path));

    private static IEnumerable<string> Lines(string root, string directory, Func<string, byte[], byte[]>? edit = null)
    {
        foreach (string path in Directory.EnumerateFileSystemEntries(directory))
        {
            string name = Path.GetRelativePath(root, path);
            var info = new FileInfo(path);
            if (info.LinkTarget is { } target)
            {
                yield return $"{name} -> {target}";
            }
            else if (Directory.Exists(path))
            {
                yield return $"{name}/";
                foreach (string line in Lines(root, path, edit))
                {
                    yield return line;
                }
            }
            else
            {
                byte[] content = File.ReadAllBytes(path);
                content = edit?.Invoke(name, content) ?? content;
                string digest = Convert.ToHexString(SHA256.HashData(content))[..16];
                yield return $"{name} {(int)info.UnixFileMode:x} {content.Length} {digest}";
            }
        }
    }

    // Where a package was published goes into its record, and the record's digest beside it.
    private static byte[] WithoutOrigin(string name, byte[] content)
    {
        bool isRecord =
            name.Contains("conda-meta/", StringComparison.Ordinal) && name.EndsWith(".json", StringComparison.Ordinal);
        bool isDigests = name.EndsWith("conda-meta/packhorse-records", StringComparison.Ordinal);
        string text = System.Text.Encoding.Latin1.GetString(content);
        return isRecord ? System.Text.Encoding.Latin1.GetBytes(Origin().Replace(text, ""))
            : isDigests ? System.Text.Encoding.Latin1.GetBytes(RecordDigest().Replace(text, ""))
            : content;
    }

    [GeneratedRegex("\"record_sha256\": [^\n]*\n")]
    private static partial Regex RecordDigest();

    [GeneratedRegex("\"(url|channel)\": [^\n]*\n")]
    private static partial Regex Origin();
}
