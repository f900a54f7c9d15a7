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
/// <inheritdoc cref="PlannedPath" path="/param[@name='ClobberedPath']"/>
public sealed record PlannedEntryPoint(string Target, byte[] Content, string? ClobberedPath);

/// <summary>What is done for one package.</summary>
public sealed class PlannedPackage
{
    private readonly Dictionary<string, PlannedPath> _bySource;

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

    /// <summary>The plan for a path of the package; null for what is not installed.</summary>
    public PlannedPath? Find(string sourcePath) => _bySource.GetValueOrDefault(sourcePath);
}
