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

    /// <summary>Of the file as installed, where that may differ from the package.</summary>
    public Digest? Sha256InPrefix { get; init; }

    /// <summary>What a symbolic link says.</summary>
    public string? LinkText { get; init; }

    /// <summary>Bytes as packaged; of what was made here, as installed.</summary>
    public long? Size { get; init; }
}

/// <summary>A package that was installed.</summary>
public sealed record LinkedPackage(PlannedPackage Plan, IReadOnlyList<LinkedPath> Paths)
{
    /// <summary>Warns of links that lead out of the environment, which some packages really have.</summary>
    public void WarnOfLinks(IReporter reporter)
    {
        LinkedPath[] outside =
        [
            .. Paths.Where(path =>
                path.LinkText is not null
                && !EntryPath.LinkStaysInside(path.ClobberedPath ?? path.Target, path.LinkText)
            ),
        ];
        if (outside.Length > 0)
        {
            LinkedPath first = outside.MinBy(path => path.Target, StringComparer.Ordinal)!;
            reporter.Warn(
                $"{Plan.Package.FileName}: {outside.Length} link(s) lead out of the environment, such as {EntryPath.Quote(first.Target)} to {EntryPath.Quote(first.LinkText!)}"
            );
        }
    }
}
