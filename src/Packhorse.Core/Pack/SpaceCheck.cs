using System.Globalization;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Pack;

/// <summary>Says "disk full" before the work instead of in its middle.</summary>
public static class SpaceCheck
{
    /// <summary>Bytes on disk and files that installing packages takes.</summary>
    public static (long Bytes, long Files) Need(IReadOnlyCollection<PlannedPackage> packages, int blockBytes)
    {
        long bytes = 0;
        long files = 0;
        foreach (PlannedPackage package in packages)
        {
            foreach (PlannedPath path in package.Paths)
            {
                // Packages older than paths.json do not tell sizes; every file takes a block at least.
                long size = Math.Max(1, path.Source.InstalledSize);
                bytes = checked(bytes + ((size + blockBytes - 1) / blockBytes * blockBytes));
            }
            files += package.FileCount + 1;
        }
        return (bytes, files);
    }

    /// <exception cref="SystemRefusedException">There is not enough, with both numbers.</exception>
    public static void Check(string directory, long bytes, long files, string purpose)
    {
        if (FreeSpace.Of(directory) is not { } free)
        {
            return;
        }
        if (bytes > free.Bytes)
        {
            throw new SystemRefusedException(
                ErrorCodes.DiskFull,
                Format(
                    $"{purpose} needs {bytes / 1e6:N0} MB at {EntryPath.Quote(directory)}, where {free.Bytes / 1e6:N0} MB are free"
                )
            )
            {
                Hint = "free some space or choose a directory on another file system",
            };
        }
        if (free.Files is { } left && files > left)
        {
            throw new SystemRefusedException(
                ErrorCodes.DiskFull,
                Format(
                    $"{purpose} makes {files:N0} files at {EntryPath.Quote(directory)}, where only {left:N0} more can be made"
                )
            )
            {
                Hint = "remove files, or choose a directory on another file system",
            };
        }
    }

    private static string Format(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
