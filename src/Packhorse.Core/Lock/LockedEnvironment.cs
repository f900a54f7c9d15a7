using Packhorse.Model;

namespace Packhorse.Lock;

/// <summary>A platform that packages were locked for. Before version 7 its name is its subdir.</summary>
public sealed record LockedPlatform
{
    public required string Name { get; init; }

    public required Platform Subdir { get; init; }

    /// <summary>What the solver was told of the machine, as written: <c>__glibc=2.28</c>.</summary>
    public IReadOnlyList<string> VirtualPackages { get; init; } = [];

    public override string ToString() => Name;
}

/// <summary>One of pixi's environments.</summary>
public sealed record LockedEnvironment
{
    public required string Name { get; init; }

    /// <summary>URLs or names, as written.</summary>
    public required IReadOnlyList<string> Channels { get; init; }

    /// <summary>URLs of PyPI indexes, as written; empty where the format or the file has none.</summary>
    public IReadOnlyList<string> Indexes { get; init; } = [];

    public required IReadOnlyList<PlatformPackages> Platforms { get; init; }
}

/// <summary>What an environment consists of on one platform.</summary>
/// <param name="Packages">Conda archives, conda sources, PyPI; within each by location, as UTF-8 bytes.</param>
public sealed record PlatformPackages(LockedPlatform Platform, IReadOnlyList<LockedPackage> Packages);

/// <summary>One environment on one platform: what a pack is made of.</summary>
/// <param name="Packages">In the order of <see cref="PlatformPackages.Packages"/>.</param>
public sealed record LockedSelection(
    LockedEnvironment Environment,
    LockedPlatform Platform,
    IReadOnlyList<LockedPackage> Packages
);
