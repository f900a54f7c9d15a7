using System.Collections.Concurrent;
using System.Runtime.Versioning;
using Packhorse.Codecs;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Install;

/// <summary>
/// One change of the environment at a prefix, under a lock: packages are first put into a stage beside or inside it and become part of
/// it only in <see cref="Commit"/>. Disposed without that, the stage is removed and the environment is as it was.
/// </summary>
/// <remarks>
/// A new environment is staged at <c>.NAME.packhorse-part</c> beside it and renamed as a whole. In an existing directory the stage is
/// <c>.packhorse-part</c> within, so that every file can be renamed into place even where the prefix is a mount point.
/// </remarks>
[SupportedOSPlatform("linux")]
public sealed class EnvironmentTransaction : IDisposable
{
    private readonly NewDirectories _parents;
    private readonly DirectoryLock _lock;
    private readonly ConcurrentDictionary<string, Digest> _arrived = new(StringComparer.Ordinal);
    private InstalledEnvironment? _installed;
    private EnvironmentUpdate? _update;
    private bool _committed;

    private EnvironmentTransaction(string prefix, DirectoryLock held, NewDirectories parents)
    {
        Prefix = prefix;
        _lock = held;
        _parents = parents;
        string parent = Path.GetDirectoryName(prefix)!;
        IsNew = !FileTree.Exists(prefix);
        StagePath = IsNew
            ? Path.Combine(parent, $".{Path.GetFileName(prefix)}.packhorse-part")
            : Path.Combine(prefix, StageNames.Inner);
        // What an interrupted run left.
        FileTree.DeleteDirectory(StagePath);
        HasEnvironment = !IsNew && CheckEnvironment(prefix);
        FileTree.CreateDirectory(StagePath);
        Stage = LinuxDirectory.Open(StagePath);
    }

    public string Prefix { get; }

    /// <summary>There is no environment yet, so that the stage holds all of it.</summary>
    public bool IsNew { get; }

    /// <summary>What is there before, as far as it does not simply stay; null for a new environment.</summary>
    /// <exception cref="CorruptDataException">A record is damaged.</exception>
    public InstalledEnvironment? Installed => HasEnvironment ? _installed ??= InstalledEnvironment.Read(Prefix) : null;

    private bool HasEnvironment { get; }

    public string StagePath { get; }

    /// <summary>The directory to install into.</summary>
    public LinuxDirectory Stage { get; }

    /// <param name="prefix">Absolute; its parents are made where they do not exist.</param>
    /// <param name="wait">Wait for another process that changes the same environment instead of failing.</param>
    /// <exception cref="UsageException">Something other than an environment is in the way.</exception>
    /// <exception cref="TransientException">Another process holds the lock.</exception>
    public static EnvironmentTransaction Begin(
        string prefix,
        bool wait,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        string parent = Path.GetDirectoryName(prefix)!;
        var parents = NewDirectories.Create(parent);
        DirectoryLock? held = null;
        try
        {
            held = DirectoryLock.Take(
                Path.Combine(parent, $".{Path.GetFileName(prefix)}.packhorse-lock"),
                wait,
                () => reporter.Warn($"waiting for another process that unpacks into {EntryPath.Quote(prefix)}"),
                cancellation
            );
            return new EnvironmentTransaction(prefix, held, parents);
        }
        catch
        {
            held?.Dispose();
            parents.Dispose();
            throw;
        }
    }

    /// <summary>Goes on with an update that was planned before the lock was held.</summary>
    /// <returns>False when another process has changed the environment since.</returns>
    public bool TryFollow(EnvironmentUpdate update)
    {
        if (!HasEnvironment || !update.IsStillRight())
        {
            return false;
        }
        _update = update;
        _installed = update.Going;
        return true;
    }

    /// <summary>
    /// True when a planned package is installed exactly as planned: same content, same prefix, same paths, by an update that came to
    /// its end.
    /// </summary>
    public bool IsInstalled(PlannedPackage planned, InstallPlan plan)
    {
        PackageRecord record = planned.Package.Record;
        return Installed is { } installed
            && installed.Marker == plan.Marker
            && record.Sha256 is not null
            && installed.Find(CondaMeta.RecordPath(record)) is { } package
            && package.Sha256 == record.Sha256
            && package.Files.ToHashSet(StringComparer.Ordinal).SetEquals(planned.Targets);
    }

    /// <summary>A package is whole in the stage: writes its record. Thread-safe.</summary>
    public void AddRecord(LinkedPackage package)
    {
        PackageRecord record = package.Plan.Package.Record;
        byte[] content = CondaMeta.WriteRecord(package);
        _ = Stage.TryCreateDirectory(CondaMeta.Directory);
        if (record.IsWheel)
        {
            _ = Stage.TryCreateDirectory(CondaMeta.WheelRecords);
        }
        WriteOwn(new DirectorySink(Stage), CondaMeta.RecordPath(record), content);
        NoteRecord(record, Sha256.Hash(content));
    }

    /// <summary>Where the record of a package is to be written by who has it already, in pieces.</summary>
    /// <param name="size">Bytes of the record.</param>
    public static InstallFile RecordFile(PackageRecord record, long size) =>
        OwnFile(CondaMeta.RecordPath(record), size);

    /// <summary>A record was written to the stage.</summary>
    /// <param name="content">Of what was written.</param>
    public void NoteRecord(PackageRecord record, Digest content) => _arrived[record.DistributionName] = content;

    /// <summary>Makes the stage part of the environment. What neither arrived nor stays goes.</summary>
    public void Commit(EnvironmentArrival arrival)
    {
        var sink = new DirectorySink(Stage);
        _ = Stage.TryCreateDirectory(CondaMeta.Directory);
        WriteOwn(sink, CondaMeta.HistoryPath, CondaMeta.History);
        WriteOwn(sink, CondaMeta.CacheTagPath, CondaMeta.CacheTag);
        WriteOwn(sink, InstalledDigests.Path, DigestsOf(arrival).Write());
        WriteOwn(sink, EnvironmentMarker.Path, arrival.Marker.Write());
        if (IsNew)
        {
            RenameWhole();
        }
        else
        {
            new EnvironmentPlacement(Prefix, StageNames.Inner, arrival, Installed).Place();
            FileTree.DeleteDirectory(StagePath);
        }
        _committed = true;
        _parents.Keep();
    }

    // Of what arrived as it was written, of what stays as it was found.
    private InstalledDigests DigestsOf(EnvironmentArrival arrival)
    {
        var digests = new InstalledDigests { SitePackages = arrival.SitePackages };
        foreach (PackageRecord record in arrival.Records)
        {
            string name = record.DistributionName;
            if (record.Sha256 is not { } package)
            {
                continue;
            }
            if (_arrived.TryGetValue(name, out Digest written))
            {
                digests.Add(name, new PackageDigests(package, written));
            }
            else if (_update?.Known.Packages.TryGetValue(name, out PackageDigests known) == true)
            {
                digests.Add(name, known);
            }
            else if (Installed?.Find(CondaMeta.RecordPath(record)) is { } found)
            {
                digests.Add(name, new PackageDigests(package, found.RecordSha256));
            }
        }
        return digests;
    }

    public void Dispose()
    {
        Stage.Dispose();
        try
        {
            if (!_committed)
            {
                FileTree.DeleteDirectory(StagePath);
            }
        }
        finally
        {
            _lock.Dispose();
            _parents.Dispose();
        }
    }

    private static bool CheckEnvironment(string prefix)
    {
        if (InstalledEnvironment.IsEnvironment(prefix))
        {
            return true;
        }
        if (FileTree.IsEmptyDirectory(prefix))
        {
            return false;
        }
        throw new UsageException(
            ErrorCodes.OutputInTheWay,
            $"{EntryPath.Quote(prefix)} exists and is no conda environment"
        )
        {
            Hint = "remove it, or choose another directory (-o) or name (-e)",
        };
    }

    private static void WriteOwn(DirectorySink sink, string path, ReadOnlySpan<byte> content)
    {
        using IInstallFile file = sink.CreateFile(OwnFile(path, content.Length));
        file.Write(content);
        file.Complete();
    }

    private static InstallFile OwnFile(string path, long size)
    {
        const UnixFileMode ReadableByAll =
            FilePermissions.OwnerReadWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        return new InstallFile(path, ReadableByAll & ~FilePermissions.Umask, EnvironmentPlacement.OwnFileTime, size);
    }

    private void RenameWhole()
    {
        using LinuxDirectory parent = LinuxDirectory.Open(Path.GetDirectoryName(Prefix)!);
        parent.Rename(Path.GetFileName(StagePath), Path.GetFileName(Prefix));
    }
}
