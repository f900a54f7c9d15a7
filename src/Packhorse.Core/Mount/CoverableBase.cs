using System.Runtime.Versioning;
using Packhorse.Image;
using Packhorse.Os;

namespace Packhorse.Mount;

/// <summary>
/// A directory of the machine that is covered, for this job alone, to put an environment at a prefix that is the same everywhere. Only
/// one that nobody uses is covered: pools run their jobs in the strangest places.
/// </summary>
[SupportedOSPlatform("linux")]
public static class CoverableBase
{
    /// <param name="preferred">Tried first: what an image was linked for.</param>
    /// <param name="inUse">Paths of the job: its current, home, temporary and scratch directories, the image, its inputs.</param>
    /// <param name="reason">Why each was passed over, where none is found.</param>
    /// <returns>Null where there is none.</returns>
    public static string? Find(string? preferred, IEnumerable<string> inUse, out string reason)
    {
        // A path that leads nowhere is none that would be covered.
        string[] used = [.. inUse.Select(FileTree.Resolve).OfType<string>()];
        var reasons = new List<string>();
        foreach (
            string candidate in (
                preferred is null ? CanonicalPrefix.Bases : [preferred, .. CanonicalPrefix.Bases]
            ).Distinct()
        )
        {
            if (WhyNot(candidate, used) is not { } why)
            {
                reason = "";
                return candidate;
            }
            reasons.Add($"{candidate} {why}");
        }
        reason = string.Join(", ", reasons);
        return null;
    }

    /// <returns>Null when the directory can be covered.</returns>
    internal static string? WhyNot(string directory, IReadOnlyList<string> used)
    {
        if (!FileTree.IsRealDirectory(directory))
        {
            return "is no directory";
        }
        if (used.FirstOrDefault(path => IsAtOrAbove(directory, path)) is { } inside)
        {
            return inside == directory ? "is used by the job" : $"has {inside} in it";
        }
        if (!FileTree.IsKnownEmpty(directory))
        {
            return "is not empty";
        }
        return Mounts.IsUsed(directory) ? "has something mounted" : null;
    }

    private static bool IsAtOrAbove(string directory, string path) =>
        path == directory || path.StartsWith(directory + "/", StringComparison.Ordinal);
}
