namespace Packhorse.Lock;

/// <summary>Where the code of a conda source package is, in words.</summary>
internal static class CodeSource
{
    private static readonly string[] Details = ["branch", "tag", "rev", "sha256", "subdir", "subdirectory"];

    /// <returns>For example <c>https://host/project.git (tag v1, rev 0123)</c>; null when the entry does not say.</returns>
    public static string? Read(LockMembers entry, string name)
    {
        if (entry.Nested(name) is not { } source)
        {
            return null;
        }
        string location =
            source.Text("git")
            ?? source.Text("url")
            ?? source.Text("path")
            ?? throw source.Corrupt($"'{name}' has none of 'git', 'url' and 'path'");
        string[] details = [.. Details.Where(source.Has).Select(detail => $"{detail} {source.Text(detail)}")];
        return details.Length == 0 ? location : $"{location} ({string.Join(", ", details)})";
    }
}
