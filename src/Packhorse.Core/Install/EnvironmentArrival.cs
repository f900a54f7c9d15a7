using Packhorse.Model;

namespace Packhorse.Install;

/// <summary>What is in a stage, and what the environment is when it has become part of it. Paths are relative to the prefix.</summary>
public sealed record EnvironmentArrival
{
    /// <summary>Every directory that the environment needs, parents first.</summary>
    public required IReadOnlyList<string> Directories { get; init; }

    /// <summary>Packages whose records were added to the stage.</summary>
    public required IReadOnlyList<PackageRecord> Arrived { get; init; }

    /// <summary>Files and links in the stage, without what lies in conda-meta. Looked at only for an environment that was there before.</summary>
    public required IEnumerable<string> Paths { get; init; }

    /// <summary>Files and links of packages that are known to stay.</summary>
    public IEnumerable<string> Staying { get; init; } = [];

    /// <summary>All packages that the environment has in the end.</summary>
    public required IReadOnlyList<PackageRecord> Records { get; init; }

    /// <summary>Where modules of noarch packages are, relative to the prefix; null without Python.</summary>
    public required string? SitePackages { get; init; }

    public required EnvironmentMarker Marker { get; init; }

    /// <param name="arrived">Packages of the plan that are in the stage; the others stay.</param>
    public static EnvironmentArrival Of(InstallPlan plan, IReadOnlyList<PlannedPackage> arrived) =>
        new()
        {
            Directories = plan.Directories,
            Arrived = [.. arrived.Select(package => package.Package.Record)],
            Paths = arrived.SelectMany(package => package.Targets),
            Staying = plan.Packages.Except(arrived).SelectMany(package => package.Targets),
            Records = [.. plan.Records],
            SitePackages = plan.Python?.SitePackages,
            Marker = plan.Marker,
        };
}
