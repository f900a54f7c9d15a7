using System.Runtime.Versioning;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Install;

/// <summary>
/// Moves staged packages into an existing prefix. Every step can be interrupted: the journal is there before the first change and goes
/// after the last one, and together with the records it names every file that may be left over.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class EnvironmentPlacement(
    string prefix,
    string stage,
    InstallPlan plan,
    InstalledEnvironment? installed
)
{
    /// <summary>1980-01-01: records are the same wherever and whenever they are written.</summary>
    public const long OwnFileTime = 315532800;

    public void Place(IReadOnlyList<PlannedPackage> arrived)
    {
        using LinuxDirectory root = LinuxDirectory.Open(prefix);
        string[] arriving = [.. arrived.SelectMany(package => package.Targets)];
        HashSet<string> obsolete = FindObsolete(arrived, arriving);
        CheckNothingInTheWay(arriving, obsolete);
        root.TryCreateDirectory("conda-meta");
        WriteJournal(root, obsolete);
        // From here on nothing counts as installed until the journal is gone.
        root.Remove(EnvironmentMarker.Path);
        foreach (string path in obsolete)
        {
            root.Remove(path);
            RemoveByteCode(root, path);
        }
        RemoveEmptyDirectories(root, obsolete);
        foreach (string directory in plan.Directories)
        {
            _ = root.TryCreateDirectory(directory);
        }
        foreach (string path in arriving)
        {
            root.Rename($"{stage}/{path}", path);
        }
        foreach (string record in arrived.Select(package => CondaMeta.RecordPath(package.Package.Record)))
        {
            root.Rename($"{stage}/{record}", record);
        }
        root.Rename($"{stage}/{CondaMeta.HistoryPath}", CondaMeta.HistoryPath);
        root.Rename($"{stage}/{CondaMeta.CacheTagPath}", CondaMeta.CacheTagPath);
        root.Rename($"{stage}/{EnvironmentMarker.Path}", EnvironmentMarker.Path);
        root.Remove(UpdateJournal.Path);
    }

    // Files of packages that leave or are replaced, their records, and what an interrupted update left, but nothing that is planned.
    private HashSet<string> FindObsolete(IReadOnlyList<PlannedPackage> arrived, string[] arriving)
    {
        var obsolete = new HashSet<string>(installed?.Leftovers ?? [], StringComparer.Ordinal);
        HashSet<string> replaced = arrived
            .Select(package => CondaMeta.RecordPath(package.Package.Record))
            .ToHashSet(StringComparer.Ordinal);
        HashSet<string> planned = plan
            .Packages.Select(package => CondaMeta.RecordPath(package.Package.Record))
            .ToHashSet(StringComparer.Ordinal);
        foreach (InstalledPackage package in installed?.Packages ?? [])
        {
            if (!planned.Contains(package.RecordPath))
            {
                obsolete.Add(package.RecordPath);
                obsolete.UnionWith(package.Files);
            }
            else if (replaced.Contains(package.RecordPath))
            {
                obsolete.UnionWith(package.Files);
            }
        }
        obsolete.ExceptWith(arriving);
        // A path may have moved from a package that leaves to one that is kept.
        foreach (PlannedPackage package in plan.Packages)
        {
            obsolete.ExceptWith(package.Targets);
        }
        obsolete.ExceptWith(CondaMeta.ReservedPaths(plan.Packages.Select(package => package.Package.Record)));
        return obsolete;
    }

    // Looked at before the first change: a link in place of a directory would lead what is written out of the prefix, and a directory
    // of the user's in place of a file would stop the update half way.
    private void CheckNothingInTheWay(string[] arriving, HashSet<string> obsolete)
    {
        foreach (string directory in plan.Directories.Where(directory => !obsolete.Contains(directory)))
        {
            string path = Path.Combine(prefix, directory);
            if (FileTree.Exists(path) && !FileTree.IsRealDirectory(path))
            {
                throw InTheWay(path, "a directory");
            }
        }
        foreach (string file in arriving)
        {
            string path = Path.Combine(prefix, file);
            if (
                FileTree.IsRealDirectory(path)
                && FileTree.ListFiles(path).Any(inner => !obsolete.Contains($"{file}/{inner}"))
            )
            {
                throw InTheWay(path, "a file");
            }
        }
    }

    private static UsageException InTheWay(string path, string what) =>
        new(ErrorCodes.OutputInTheWay, $"{EntryPath.Quote(path)} is in the way: the environment needs {what} there")
        {
            Hint = "remove or rename it",
        };

    private void WriteJournal(LinuxDirectory root, HashSet<string> obsolete)
    {
        string staged = $"{stage}/{UpdateJournal.Path}";
        new DirectorySink(root).WriteFile(
            staged,
            new UpdateJournal([.. obsolete.Order(StringComparer.Ordinal)]).Write(),
            FilePermissions.OwnerReadWrite,
            OwnFileTime
        );
        root.Rename(staged, UpdateJournal.Path);
    }

    // What Python compiled from a module goes with it.
    private void RemoveByteCode(LinuxDirectory root, string path)
    {
        if (!path.EndsWith(".py", StringComparison.Ordinal))
        {
            return;
        }
        int slash = path.LastIndexOf('/');
        string cache = slash < 0 ? "__pycache__" : $"{path[..slash]}/__pycache__";
        string absolute = Path.Combine(prefix, cache);
        if (!FileTree.DirectoryExists(absolute))
        {
            return;
        }
        string stem = path[(slash + 1)..^2];
        foreach (string name in FileTree.List(absolute))
        {
            if (name.StartsWith(stem, StringComparison.Ordinal) && name.EndsWith(".pyc", StringComparison.Ordinal))
            {
                root.Remove($"{cache}/{name}");
            }
        }
        root.RemoveEmptyDirectory(cache);
    }

    private static void RemoveEmptyDirectories(LinuxDirectory root, IEnumerable<string> removed)
    {
        var parents = new HashSet<string>(StringComparer.Ordinal);
        foreach (string path in removed)
        {
            for (int slash = path.LastIndexOf('/'); slash > 0; slash = path.LastIndexOf('/', slash - 1))
            {
                if (!parents.Add(path[..slash]))
                {
                    break;
                }
            }
        }
        // Children sort after their parents.
        foreach (string directory in parents.OrderDescending(StringComparer.Ordinal))
        {
            root.RemoveEmptyDirectory(directory);
        }
    }
}
