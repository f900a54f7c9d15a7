using Packhorse.Conda;
using Packhorse.Model;

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
}

/// <summary>One path of a package and where it goes.</summary>
/// <param name="Target">Relative to the prefix.</param>
/// <param name="ClobberedPath">Where it would have gone, had no other package the right to that path; else null.</param>
public sealed record PlannedPath(PackagePath Source, string Target, string? ClobberedPath);

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
        Paths.Select(path => path.Target).Concat(EntryPoints.Select(entryPoint => entryPoint.Target));

    /// <summary>The plan for a path of the package; null for what is not installed.</summary>
    public PlannedPath? Find(string sourcePath) => _bySource.GetValueOrDefault(sourcePath);
}
