using Packhorse.Lock;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Pack;

namespace Packhorse.Packing;

/// <summary>A package that becomes a member of a pack.</summary>
public sealed record PlannedMember
{
    /// <summary>In the pack.</summary>
    public required string Path { get; init; }

    public required LockedCondaPackage Package { get; init; }

    /// <summary>Where to bring it from: a URL, or an absolute path. May hold credentials.</summary>
    public required string Source { get; init; }

    /// <summary>Where it was published, as the lock file says, without credentials.</summary>
    public required string Origin { get; init; }

    public ExpectedContent Expected => Package.Record.Content;

    /// <summary>True when its place in a pack can be computed before it is brought.</summary>
    public bool IsKnown => Expected is { Size: not null, Sha256: not null };
}

/// <summary>What goes into a pack: decided by the lock file alone, before anything is brought.</summary>
public sealed record PackPlan
{
    public required string Environment { get; init; }

    /// <summary>The platform's name in the lock file.</summary>
    public required string PlatformName { get; init; }

    public required Platform Platform { get; init; }

    /// <summary>In the order of the lock file.</summary>
    public required IReadOnlyList<PlannedMember> Members { get; init; }

    /// <summary>Bytes of all packages, as far as the lock file tells.</summary>
    public long Size => Members.Sum(member => member.Expected.Size ?? 0);

    /// <param name="lockDirectory">What relative paths of the lock file are relative to; absolute.</param>
    /// <exception cref="UsageException">The environment needs something that cannot be packed.</exception>
    /// <exception cref="OperationFailedException">Two packages have one file name.</exception>
    public static PackPlan Create(LockedSelection selection, string lockDirectory)
    {
        RefuseOtherKinds(selection.Packages);
        var members = new List<PlannedMember>();
        var paths = new HashSet<string>(StringComparer.Ordinal);
        foreach (LockedCondaPackage package in selection.Packages.OfType<LockedCondaPackage>())
        {
            string path = PackLayout.PackagePath(package.Record.Subdir, package.FileName);
            if (!EntryPath.IsSafe(path) || !paths.Add(path))
            {
                throw new OperationFailedException(
                    ErrorCodes.PackagesDoNotFit,
                    $"two packages of the environment would both be {EntryPath.Quote(path)} in the pack"
                );
            }
            if (package.Record.Size is < 0 or > Limits.FileBytes)
            {
                throw new CorruptDataException(
                    ErrorCodes.BadLock,
                    $"the lock file says that {EntryPath.Quote(package.FileName)} has the impossible size {package.Record.Size:N0}"
                );
            }
            members.Add(
                new PlannedMember
                {
                    Path = path,
                    Package = package,
                    Source =
                        package.Location.Url
                        ?? FileTree.Absolute(System.IO.Path.Combine(lockDirectory, package.Location.Path!)),
                    Origin = Redaction.Url(package.Location.Text),
                }
            );
        }
        if (members.Count == 0)
        {
            throw new UsageException(
                ErrorCodes.BadManifest,
                $"the environment {EntryPath.Quote(selection.Environment.Name)} has no conda packages for {selection.Platform}"
            );
        }
        return new PackPlan
        {
            Environment = selection.Environment.Name,
            PlatformName = selection.Platform.Name,
            Platform = selection.Platform.Subdir,
            Members = members,
        };
    }

    private static void RefuseOtherKinds(IReadOnlyList<LockedPackage> packages)
    {
        string[] sources = [.. packages.OfType<LockedCondaSource>().Select(package => package.Name)];
        if (sources.Length > 0)
        {
            throw new UsageException(
                ErrorCodes.UnsupportedPackageKind,
                $"the environment has packages that must be built from source, which cannot be packed yet: {string.Join(", ", sources)}"
            )
            {
                Hint = "pixi-pack builds and packs them",
            };
        }
        string[] python = [.. packages.OfType<LockedPypiPackage>().Select(package => package.Name)];
        if (python.Length > 0)
        {
            throw new UsageException(
                ErrorCodes.UnsupportedPackageKind,
                $"the environment has {python.Length} package(s) from PyPI, which cannot be packed yet: {string.Join(", ", python.Take(10))}"
            )
            {
                Hint = "use conda packages of the same names where there are some, or pixi-pack",
            };
        }
    }
}
