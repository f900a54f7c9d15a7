using System.Text.Json;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Install;

/// <summary>A package as <c>conda-meta</c> says it was installed, by whatever tool.</summary>
/// <param name="RecordPath">Relative to the prefix.</param>
/// <param name="Files">Relative to the prefix; unsafe ones are left out.</param>
public sealed record InstalledPackage(string RecordPath, PackageRecord Record, IReadOnlyList<string> Files);

/// <summary>What is installed in a prefix.</summary>
public sealed record InstalledEnvironment
{
    public required IReadOnlyList<InstalledPackage> Packages { get; init; }

    /// <summary>Null when another tool installed it, or when an update was interrupted.</summary>
    public EnvironmentMarker? Marker { get; init; }

    /// <summary>Paths that an interrupted update was about to remove.</summary>
    public IReadOnlyList<string> Leftovers { get; init; } = [];

    /// <summary>True for a directory that holds an environment, complete or not.</summary>
    public static bool IsEnvironment(string prefix) => FileTree.DirectoryExists(Path.Combine(prefix, "conda-meta"));

    /// <exception cref="CorruptDataException">A record is damaged.</exception>
    public static InstalledEnvironment Read(string prefix)
    {
        string records = Path.Combine(prefix, "conda-meta");
        var packages = new List<InstalledPackage>();
        foreach (string name in FileTree.List(records).Where(name => name.EndsWith(".json", StringComparison.Ordinal)))
        {
            byte[] content = InputFile.ReadAllBytes(Path.Combine(records, name), Limits.JsonBytes);
            packages.Add(ReadRecord($"conda-meta/{name}", content, prefix));
        }
        string marker = Path.Combine(prefix, EnvironmentMarker.Path);
        UpdateJournal? journal = UpdateJournal.Read(prefix);
        return new InstalledEnvironment
        {
            Packages = packages,
            Marker =
                journal is null && FileTree.FileExists(marker)
                    ? EnvironmentMarker.Parse(InputFile.ReadAllBytes(marker, Limits.JsonBytes))
                    : null,
            Leftovers = journal?.Obsolete ?? [],
        };
    }

    /// <param name="path">Relative to the prefix.</param>
    /// <exception cref="CorruptDataException">It is damaged.</exception>
    internal static InstalledPackage ReadRecord(string path, byte[] content, string prefix)
    {
        string where = Path.Combine(prefix, path);
        JsonElement json = JsonMembers.Parse(content, where, ErrorCodes.Malformed);
        string[] files = new JsonMembers(json, where, ErrorCodes.Malformed).Strings("files") ?? [];
        return new InstalledPackage(
            path,
            PackageRecordJson.Read(json, where),
            [.. files.Where(file => EntryPath.IsSafe(file))]
        );
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
