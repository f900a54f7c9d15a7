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
    EnvironmentArrival arrival,
    InstalledEnvironment? installed
)
{
    /// <summary>1980-01-01: records are the same wherever and whenever they are written.</summary>
    public const long OwnFileTime = 315532800;

    private readonly Dictionary<string, bool> _realDirectories = new(StringComparer.Ordinal);

    public void Place()
    {
        using LinuxDirectory root = LinuxDirectory.Open(prefix);
        HashSet<string> obsolete = FindObsolete();
        List<string> givingWay = CheckNothingInTheWay(obsolete);
        root.TryCreateDirectory(CondaMeta.Directory);
        if (arrival.Arrived.Any(record => record.IsWheel))
        {
            _ = root.TryCreateDirectory(CondaMeta.WheelRecords);
        }
        WriteJournal(root, obsolete);
        // From here on nothing counts as installed until the journal is gone.
        root.Remove(EnvironmentMarker.Path);
        RemoveObsolete(root, obsolete);
        givingWay.ForEach(directory => RemoveEmptyTree(root, directory));
        // Before the files that they name: a run that is interrupted after this leaves none without a record.
        foreach (string record in arrival.Arrived.Select(CondaMeta.RecordPath))
        {
            root.Rename($"{stage}/{record}", record);
        }
        foreach (string directory in arrival.Directories)
        {
            _ = root.TryCreateDirectory(directory);
        }
        foreach (string path in arrival.Paths)
        {
            root.Rename($"{stage}/{path}", path);
        }
        root.Rename($"{stage}/{CondaMeta.HistoryPath}", CondaMeta.HistoryPath);
        root.Rename($"{stage}/{CondaMeta.CacheTagPath}", CondaMeta.CacheTagPath);
        root.Rename($"{stage}/{InstalledDigests.Path}", InstalledDigests.Path);
        root.Rename($"{stage}/{EnvironmentMarker.Path}", EnvironmentMarker.Path);
        root.Remove(UpdateJournal.Path);
    }

    // Files of packages that leave or are replaced, their records, and what an interrupted update left, but nothing that is planned.
    private HashSet<string> FindObsolete()
    {
        var obsolete = new HashSet<string>(installed?.Leftovers ?? [], StringComparer.Ordinal);
        HashSet<string> replaced = arrival.Arrived.Select(CondaMeta.RecordPath).ToHashSet(StringComparer.Ordinal);
        HashSet<string> planned = arrival.Records.Select(CondaMeta.RecordPath).ToHashSet(StringComparer.Ordinal);
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
        obsolete.UnionWith(ByteCode(obsolete.Concat(arrival.Paths)));
        obsolete.ExceptWith(arrival.Paths);
        // A path may have moved from a package that leaves to one that is kept.
        obsolete.ExceptWith(arrival.Staying);
        obsolete.ExceptWith(CondaMeta.ReservedPaths(arrival.Records));
        return obsolete;
    }

    // What Python compiled goes with its module: one that is replaced may have the same time and size, by which Python compares.
    private List<string> ByteCode(IEnumerable<string> paths)
    {
        var found = new List<string>();
        var caches = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (string path in paths.Where(path => path.EndsWith(".py", StringComparison.Ordinal)))
        {
            int slash = path.LastIndexOf('/');
            string cache = slash < 0 ? "__pycache__" : $"{path[..slash]}/__pycache__";
            if (!caches.TryGetValue(cache, out IReadOnlyList<string>? names))
            {
                string absolute = Path.Combine(prefix, cache);
                caches[cache] = names = FileTree.IsRealDirectory(absolute) ? FileTree.List(absolute) : [];
            }
            string stem = path[(slash + 1)..^2];
            found.AddRange(
                names
                    .Where(name => name.StartsWith(stem, StringComparison.Ordinal))
                    .Where(name => name.EndsWith(".pyc", StringComparison.Ordinal))
                    .Select(name => $"{cache}/{name}")
            );
        }
        return found;
    }

    // Looked at before the first change: a link in place of a directory would lead what is written out of the prefix, and files of the
    // user's in place of a file would stop the update half way. Returns directories that hold nothing that stays.
    private List<string> CheckNothingInTheWay(HashSet<string> obsolete)
    {
        foreach (string directory in arrival.Directories.Where(directory => !obsolete.Contains(directory)))
        {
            string path = Path.Combine(prefix, directory);
            if (FileTree.Exists(path) && !FileTree.IsRealDirectory(path))
            {
                throw InTheWay(path, "a directory");
            }
        }
        var givingWay = new List<string>();
        foreach (string file in arrival.Paths)
        {
            string path = Path.Combine(prefix, file);
            if (!FileTree.IsRealDirectory(path))
            {
                continue;
            }
            if (FileTree.ListFiles(path).Any(inner => !obsolete.Contains($"{file}/{inner}")))
            {
                throw InTheWay(path, "a file");
            }
            givingWay.Add(file);
        }
        return givingWay;
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

    private void RemoveObsolete(LinuxDirectory root, HashSet<string> obsolete)
    {
        string[] own = [.. obsolete.Where(LiesInRealDirectories)];
        foreach (string path in own)
        {
            root.Remove(path);
        }
        RemoveEmptyDirectories(root, own);
    }

    // A link of the user's in place of a directory leads to files that are not the environment's.
    private bool LiesInRealDirectories(string path)
    {
        for (int slash = path.IndexOf('/', StringComparison.Ordinal); slash > 0; slash = path.IndexOf('/', slash + 1))
        {
            string parent = path[..slash];
            if (!_realDirectories.TryGetValue(parent, out bool isReal))
            {
                _realDirectories[parent] = isReal = FileTree.IsRealDirectory(Path.Combine(prefix, parent));
            }
            if (!isReal)
            {
                return false;
            }
        }
        return true;
    }

    private void RemoveEmptyTree(LinuxDirectory root, string directory)
    {
        string absolute = Path.Combine(prefix, directory);
        if (!FileTree.IsRealDirectory(absolute))
        {
            return;
        }
        foreach (string name in FileTree.List(absolute))
        {
            RemoveEmptyTree(root, $"{directory}/{name}");
        }
        root.RemoveEmptyDirectory(directory);
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
