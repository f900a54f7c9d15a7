using Packhorse.Codecs;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Install;

/// <summary>A package as <c>conda-meta</c> says it was installed, by whatever tool.</summary>
/// <param name="RecordPath">Relative to the prefix.</param>
/// <param name="RecordSha256">Of the record itself.</param>
/// <param name="Sha256">Of the package; null when the record does not tell.</param>
/// <param name="Files">Relative to the prefix; unsafe ones are left out.</param>
public sealed record InstalledPackage(
    string RecordPath,
    Digest RecordSha256,
    Digest? Sha256,
    IReadOnlyList<string> Files
);

/// <summary>What is installed in a prefix.</summary>
public sealed class InstalledEnvironment
{
    private readonly Dictionary<string, InstalledPackage> _byRecord = [];

    public required IReadOnlyList<InstalledPackage> Packages
    {
        get;
        init
        {
            field = value;
            _byRecord = value.ToDictionary(package => package.RecordPath, StringComparer.Ordinal);
        }
    }

    /// <summary>As <see cref="ReadMarker"/> has it.</summary>
    public EnvironmentMarker? Marker { get; init; }

    /// <summary>Paths that an interrupted update was about to remove.</summary>
    public IReadOnlyList<string> Leftovers { get; init; } = [];

    /// <summary>True for a directory that holds an environment, complete or not.</summary>
    public static bool IsEnvironment(string prefix) =>
        FileTree.DirectoryExists(Path.Combine(prefix, CondaMeta.Directory));

    /// <summary>The package of a record; null when there is none.</summary>
    public InstalledPackage? Find(string recordPath) => _byRecord.GetValueOrDefault(recordPath);

    /// <summary>Paths of the records in a prefix, relative to it, sorted.</summary>
    public static IEnumerable<string> RecordPaths(string prefix) =>
        RecordsIn(prefix, CondaMeta.Directory)
            .Concat(
                FileTree.IsRealDirectory(Path.Combine(prefix, CondaMeta.WheelRecords))
                    ? RecordsIn(prefix, CondaMeta.WheelRecords)
                    : []
            )
            .Order(StringComparer.Ordinal);

    private static IEnumerable<string> RecordsIn(string prefix, string directory) =>
        FileTree
            .List(Path.Combine(prefix, directory))
            .Where(name => name.EndsWith(CondaMeta.RecordExtension, StringComparison.Ordinal))
            .Select(name => $"{directory}/{name}");

    /// <exception cref="CorruptDataException">A record is damaged.</exception>
    public static InstalledEnvironment Read(string prefix)
    {
        var packages = new List<InstalledPackage>();
        foreach (string path in RecordPaths(prefix))
        {
            packages.Add(ReadRecord(prefix, path));
        }
        return new InstalledEnvironment
        {
            Packages = packages,
            Marker = ReadMarker(prefix),
            Leftovers = UpdateJournal.Read(prefix)?.Obsolete ?? [],
        };
    }

    /// <returns>Null when another tool installed the environment, or when an update was interrupted.</returns>
    /// <exception cref="CorruptDataException">It is damaged.</exception>
    public static EnvironmentMarker? ReadMarker(string prefix)
    {
        string marker = Path.Combine(prefix, EnvironmentMarker.Path);
        return FileTree.FileExists(marker) && !FileTree.FileExists(Path.Combine(prefix, UpdateJournal.Path))
            ? EnvironmentMarker.Parse(InputFile.ReadAllBytes(marker, Limits.JsonBytes))
            : null;
    }

    /// <param name="path">Relative to the prefix.</param>
    /// <exception cref="CorruptDataException">It is damaged.</exception>
    public static InstalledPackage ReadRecord(string prefix, string path)
    {
        string where = Path.Combine(prefix, path);
        byte[] content = InputFile.ReadAllBytes(where, Limits.JsonBytes);
        var files = new List<string>();
        Digest? sha256 = InstalledRecord.Read(content, where, file => files.Add(file.ToString()));
        return new InstalledPackage(path, Sha256.Hash(content), sha256, files);
    }
}

/// <summary>
/// <c>conda-meta/packhorse-update</c>: there while an environment is being changed. Its lines are the paths that are to go; when a
/// run is interrupted, the next one knows by it what may be left over.
/// </summary>
internal sealed record UpdateJournal(IReadOnlyList<string> Obsolete)
{
    public const string Path = "conda-meta/packhorse-update";

    public static UpdateJournal? Read(string prefix)
    {
        string path = System.IO.Path.Combine(prefix, Path);
        if (!FileTree.FileExists(path))
        {
            return null;
        }
        string text = System.Text.Encoding.UTF8.GetString(InputFile.ReadAllBytes(path, Limits.TextBytes));
        return new UpdateJournal([.. text.Split('\n').Where(line => EntryPath.IsSafe(line))]);
    }

    public byte[] Write() => System.Text.Encoding.UTF8.GetBytes(string.Join('\n', Obsolete) + "\n");
}
