using Packhorse.Conda;
using Packhorse.Model;

namespace Packhorse.Install;

public enum LinkedPathKind
{
    File,
    SoftLink,
    EntryPoint,
}

/// <summary>A path as it was installed.</summary>
public sealed record LinkedPath
{
    /// <summary>Relative to the prefix.</summary>
    public required string Target { get; init; }

    public string? ClobberedPath { get; init; }

    public required LinkedPathKind Kind { get; init; }

    /// <summary>What the package says of it; null for what was made here.</summary>
    public PackagePath? Source { get; init; }

    /// <summary>Of the file as installed, where that may differ from the package; of a link's text.</summary>
    public Digest? Sha256InPrefix { get; init; }

    /// <summary>Bytes as packaged; of what was made here, as installed.</summary>
    public long? Size { get; init; }
}

/// <summary>A package that was installed.</summary>
public sealed record LinkedPackage(PlannedPackage Plan, IReadOnlyList<LinkedPath> Paths);
