using Packhorse.Model;

namespace Packhorse.TestChannel;

/// <summary>What apt knows of one binary package in the version that it would install.</summary>
internal sealed record DebianPackage
{
    public required string Name { get; init; }

    public required string Version { get; init; }

    /// <summary><c>amd64</c>, <c>arm64</c>, or <c>all</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>The source package that it was built from, without a version.</summary>
    public required string Source { get; init; }

    public required Digest Sha256 { get; init; }

    /// <summary>In units of 1,024 bytes, roughly.</summary>
    public required long InstalledSize { get; init; }

    /// <summary>
    /// The names in <c>Depends</c> and <c>Pre-Depends</c>; each is a choice of alternatives. Versions and qualifiers are left out:
    /// all packages come from one release, which is consistent.
    /// </summary>
    public required IReadOnlyList<IReadOnlyList<string>> Depends { get; init; }

    public bool IsArchitectureAll => Architecture == "all";
}
