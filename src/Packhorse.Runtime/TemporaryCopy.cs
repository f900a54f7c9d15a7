using System.Globalization;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Runtime;

/// <summary>
/// The copy of the runtime that the header of a self-extracting file made: <c>PARENT/.packhorse-BOOT-PID-RANDOM/runtime</c>, where BOOT
/// are the first eight digits of the kernel's boot id. It is removed as soon as it runs.
/// </summary>
internal static class TemporaryCopy
{
    private const string Prefix = ".packhorse-";
    private const string FileName = "runtime";

    /// <summary>Removes this copy, and those beside it whose process of this boot is no more: killed before they could.</summary>
    public static void Remove(string directory)
    {
        try
        {
            RemoveOne(directory);
            string parent = Path.GetDirectoryName(directory)!;
            string? boot = BootOf(Path.GetFileName(directory), out _);
            foreach (string name in FileTree.List(parent))
            {
                if (
                    BootOf(name, out int process) == boot
                    && boot is { Length: 8 }
                    && !FileTree.DirectoryExists($"/proc/{process}")
                )
                {
                    RemoveOne(Path.Combine(parent, name));
                }
            }
        }
        catch (PackhorseException)
        {
            // What is left over does no harm, and the next run tries again.
        }
    }

    // Fails, as it should, for what belongs to somebody else or holds anything else.
    private static void RemoveOne(string directory)
    {
        using LinuxDirectory parent = LinuxDirectory.Open(Path.GetDirectoryName(directory)!);
        string name = Path.GetFileName(directory);
        try
        {
            parent.Remove($"{name}/{FileName}");
        }
        finally
        {
            parent.RemoveEmptyDirectory(name);
        }
    }

    private static string? BootOf(string name, out int process)
    {
        process = 0;
        string[] parts = name.StartsWith(Prefix, StringComparison.Ordinal) ? name[Prefix.Length..].Split('-', 3) : [];
        return parts.Length == 3 && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out process)
            ? parts[0]
            : null;
    }
}
