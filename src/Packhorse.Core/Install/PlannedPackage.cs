using Packhorse.Conda;
using Packhorse.Model;
using Packhorse.Wheels;

namespace Packhorse.Install;

/// <summary>A package to install: what a channel says of it, what it says of itself, and where it came from.</summary>
public sealed record PackageToInstall
{
    /// <summary>From the lock or repodata.json: channels correct what packages say of themselves.</summary>
    public required PackageRecord Record { get; init; }

    public required PackageInfo Info { get; init; }

    /// <summary>Name of the package file.</summary>
    public required string FileName { get; init; }

    /// <summary>Where the file was published; goes into conda-meta.</summary>
    public required string Url { get; init; }

    /// <summary>The channel of that URL, where known.</summary>
    public string? Channel { get; init; }

    /// <summary>Of a wheel; null for conda packages.</summary>
    public WheelInfo? Wheel { get; init; }

    /// <summary>Of a wheel: the manifest names that URL itself, no index does (PEP 610).</summary>
    public bool IsDirect { get; init; }

    /// <summary>A wheel among conda packages.</summary>
    /// <param name="record">Of the pack, for what the wheel itself does not say.</param>
    public static PackageToInstall Of(WheelInfo wheel, PackageRecord record, string url) =>
        new()
        {
            Record = record,
            Info = new PackageInfo
            {
                Index = record,
                Paths =
                [
                    .. wheel.Members.Select(member => new PackagePath
                    {
                        Path = member.Member.Name,
                        Size = member.Member.Size,
                        Sha256 = member.Listed?.Sha256,
                    }),
                ],
                EntryPoints = wheel.Commands,
            },
            FileName = wheel.FileName.Text,
            Url = url,
            Wheel = wheel,
        };
}

/// <summary>One path of a package and where it goes.</summary>
/// <param name="Target">Relative to the prefix.</param>
/// <param name="ClobberedPath">Where it would have gone, had no other package the right to that path; else null.</param>
public sealed record PlannedPath(PackagePath Source, string Target, string? ClobberedPath)
{
    /// <summary>
    /// Of a wheel's script: the Python that stands in place of <c>#!python</c> in its first line, relative to the prefix.
    /// </summary>
    public string? Interpreter { get; init; }
}

/// <summary>A small file that says how a wheel was installed.</summary>
/// <param name="Target">Relative to the prefix.</param>
public sealed record PlannedDocument(string Target, byte[] Content);

/// <summary>A script to make for an entry point.</summary>
/// <param name="Target">Relative to the prefix.</param>
/// <param name="Interpreter">The Python that runs it, relative to the prefix.</param>
/// <inheritdoc cref="PlannedPath" path="/param[@name='ClobberedPath']"/>
public sealed record PlannedEntryPoint(string Target, byte[] Content, string Interpreter, string? ClobberedPath);

/// <summary>What is done for one package.</summary>
public sealed class PlannedPackage
{
    private readonly Dictionary<string, PlannedPath> _bySource;
    private IReadOnlyList<string> _directories = [];

    internal PlannedPackage(
        PackageToInstall package,
        IReadOnlyList<PlannedPath> paths,
        IReadOnlyList<PlannedEntryPoint> entryPoints
    )
    {
        Package = package;
        Paths = paths;
        EntryPoints = entryPoints;
        _bySource = paths.ToDictionary(path => path.Source.Path, StringComparer.Ordinal);
    }

    public PackageToInstall Package { get; }

    public IReadOnlyList<PlannedPath> Paths { get; }

    public IReadOnlyList<PlannedEntryPoint> EntryPoints { get; }

    /// <summary>Of a wheel, without <see cref="RecordFile"/>.</summary>
    public IReadOnlyList<PlannedDocument> Documents { get; init; } = [];

    /// <summary>Of a wheel: where its RECORD goes, which lists what was installed.</summary>
    public string? RecordFile { get; init; }

    /// <summary>Of a wheel: the directory that paths in its RECORD are relative to, relative to the prefix.</summary>
    public string RecordRoot { get; init; } = "";

    /// <summary>Every path under its name in the package and no entry points: how a package is laid out before the plan is known.</summary>
    /// <exception cref="CorruptDataException">The package contradicts itself.</exception>
    public static PlannedPackage InPlace(PackageInfo info, string fileName)
    {
        var claims = new PathClaims { Claimant = fileName };
        var paths = new List<PlannedPath>(info.Paths.Count);
        foreach (PackagePath path in info.Paths)
        {
            if (CondaPackageReader.IsInfoPath(path.Path) || path.Type == PackagePathType.Directory)
            {
                continue;
            }
            if (!claims.TryClaimFile(path.Path))
            {
                throw new CorruptDataException(
                    ErrorCodes.BadPackage,
                    $"{fileName} lists {EntryPath.Quote(path.Path)} twice, or a path below a file"
                );
            }
            paths.Add(new PlannedPath(path, path.Path, null));
        }
        var package = new PackageToInstall
        {
            Record = info.Index,
            Info = info,
            FileName = fileName,
            Url = "",
        };
        return new PlannedPackage(package, paths, []) { _directories = claims.Directories };
    }

    /// <summary>The directories that a package laid out in place needs, parents first.</summary>
    public IReadOnlyList<string> ParentDirectories() => _directories;

    /// <summary>Every path that it has in the prefix.</summary>
    public IEnumerable<string> Targets =>
        Paths
            .Select(path => path.Target)
            .Concat(EntryPoints.Select(entryPoint => entryPoint.Target))
            .Concat(Documents.Select(document => document.Target))
            .Concat(RecordFile is null ? [] : [RecordFile]);

    /// <summary>How many paths these are.</summary>
    public int FileCount => Paths.Count + EntryPoints.Count + Documents.Count + (RecordFile is null ? 0 : 1);

    /// <summary>The plan for a path of the package; null for what is not installed.</summary>
    public PlannedPath? Find(string sourcePath) => _bySource.GetValueOrDefault(sourcePath);
}
