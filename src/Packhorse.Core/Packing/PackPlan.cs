using Packhorse.Lock;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Pack;
using Packhorse.Wheels;

namespace Packhorse.Packing;

/// <summary>A package that becomes a member of a pack.</summary>
public sealed record PlannedMember
{
    /// <summary>In the pack.</summary>
    public required string Path { get; init; }

    /// <summary>What the lock file says of it.</summary>
    public required PackageRecord Record { get; init; }

    public required string FileName { get; init; }

    /// <summary>Where to bring it from: a URL, or an absolute path. May hold credentials.</summary>
    public required string Source { get; init; }

    /// <summary>Where it was published, as the lock file says, without credentials; null for what comes from this machine.</summary>
    public required string? Origin { get; init; }

    /// <summary>Of a wheel: the project's own manifest names that URL, no index does (PEP 610).</summary>
    public bool IsDirect { get; init; }

    /// <summary>As the lock file has it: tools differ in how they write a wheel's version in its name.</summary>
    public string Version
    {
        get => field ?? Record.Version;
        private init;
    }

    public ExpectedContent Expected => Record.Content;

    /// <summary>True when its place in a pack can be computed before it is brought.</summary>
    public bool IsKnown => Expected is { Size: not null, Sha256: not null };

    internal static PlannedMember Of(LockedCondaPackage package, string lockDirectory) =>
        new()
        {
            Path = PackLayout.PackagePath(package.Record.Subdir, package.FileName),
            Record = package.Record,
            FileName = package.FileName,
            Source = SourceOf(package.Location, lockDirectory),
            Origin = Redaction.Url(package.Location.Text),
        };

    /// <exception cref="CorruptDataException">The file's name is none of a wheel, or names another project.</exception>
    internal static PlannedMember Of(LockedPypiPackage package, string lockDirectory)
    {
        WheelFileName name = WheelFileName.Parse(package.FileName!, "the lock file");
        if (name.Name != package.Name)
        {
            throw new CorruptDataException(
                ErrorCodes.BadLock,
                $"the lock file says that {EntryPath.Quote(name.Text)} is {EntryPath.Quote(package.Name)}, which its name does not"
            );
        }
        return new PlannedMember
        {
            Path = $"{PackLayout.WheelDirectory}/{name}",
            Record = name.ToRecord(new ExpectedContent(null, package.Sha256, package.Md5)),
            Version = package.Version ?? name.Version,
            FileName = name.Text,
            Source = SourceOf(package.Location, lockDirectory),
            Origin = Redaction.Url(package.Location.Url ?? package.Location.Text),
            IsDirect = package.Location.IsDirect,
        };
    }

    private static string SourceOf(PackageLocation location, string lockDirectory) =>
        location.Url ?? FileTree.Absolute(System.IO.Path.Combine(lockDirectory, location.Path!));
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

    /// <summary>Without wheels.</summary>
    public IEnumerable<PlannedMember> CondaMembers => Members.Where(member => !member.Record.IsWheel);

    /// <summary>In the order of the lock file.</summary>
    public IEnumerable<PlannedMember> Wheels => Members.Where(member => member.Record.IsWheel);

    /// <summary>Bytes of all packages, as far as the lock file tells.</summary>
    public long Size => Members.Sum(member => member.Expected.Size ?? 0);

    /// <summary>What relative paths of the lock file are relative to; absolute.</summary>
    public string LockDirectory { get; private init; } = "/";

    /// <summary>What a user should know.</summary>
    public IReadOnlyList<string> Warnings { get; private init; } = [];

    /// <param name="options">Null for the usual ones.</param>
    /// <exception cref="UsageException">The environment needs something that cannot be packed.</exception>
    /// <exception cref="OperationFailedException">Packages do not go together.</exception>
    public static PackPlan Create(LockedSelection selection, string lockDirectory, PackPlanOptions? options = null)
    {
        LockedPypiPackage[] others =
        [
            .. selection.Packages.OfType<LockedPypiPackage>().Where(package => !package.IsWheel),
        ];
        bool build = options is { BuildOtherThanWheels: true };
        if (options is not { IgnoreOtherThanWheels: true } && !build)
        {
            RefuseOtherThanWheels(others);
        }
        PlannedMember[] members =
        [
            .. selection
                .Packages.OfType<LockedCondaPackage>()
                .Select(package => PlannedMember.Of(package, lockDirectory)),
            .. selection
                .Packages.OfType<LockedPypiPackage>()
                .Where(package => package.IsWheel)
                .Select(package => PlannedMember.Of(package, lockDirectory)),
        ];
        LockedCondaSource[] sources = [.. selection.Packages.OfType<LockedCondaSource>()];
        if (members.All(member => member.Record.IsWheel) && sources.Length == 0)
        {
            throw new UsageException(
                ErrorCodes.BadManifest,
                $"the environment {EntryPath.Quote(selection.Environment.Name)} has no conda packages for {selection.Platform}"
            );
        }
        MemberChecks.Check(members, selection.Platform.Subdir);
        return new PackPlan
        {
            Environment = selection.Environment.Name,
            PlatformName = selection.Platform.Name,
            Platform = selection.Platform.Subdir,
            Members = members,
            LockDirectory = lockDirectory,
            ToBuild = build ? others : [],
            Sources = sources,
            Warnings = build
                ? []
                : [.. others.Select(package => $"ignoring PyPI package {package.Name} since it is not a wheel file")],
        };
    }

    /// <summary>Python packages of which wheels are to be built before anything is packed.</summary>
    public IReadOnlyList<LockedPypiPackage> ToBuild { get; private init; } = [];

    /// <summary>Conda packages that are to be built before anything is packed.</summary>
    public IReadOnlyList<LockedCondaSource> Sources { get; private init; } = [];

    /// <summary>The same with the packages that were built of <see cref="Sources"/>.</summary>
    /// <exception cref="OperationFailedException">The packages do not go together.</exception>
    public PackPlan WithSources(IReadOnlyList<PlannedMember> packages) => (this with { Sources = [] }).Inject(packages);

    /// <summary>The same with the wheels that were built.</summary>
    /// <exception cref="OperationFailedException">One is for another Python or platform.</exception>
    public PackPlan WithBuilt(IReadOnlyList<PlannedMember> wheels)
    {
        PlannedMember[] members = [.. Members, .. wheels];
        MemberChecks.Check(members, Platform);
        return this with { Members = members, ToBuild = [] };
    }

    /// <summary>The same with packages that the lock file does not have.</summary>
    /// <exception cref="OperationFailedException">The packages, or two of one name, do not go together.</exception>
    public PackPlan Inject(IReadOnlyList<PlannedMember> injected)
    {
        if (injected.Count == 0)
        {
            return this;
        }
        PlannedMember[] members = [.. Members, .. injected];
        MemberChecks.CheckSubdirs(injected, Platform);
        MemberChecks.Check(members, Platform);
        if (Sources.Count == 0)
        {
            PackageRelations.Check([
                .. members.Where(member => !member.Record.IsWheel).Select(member => member.Record),
            ]);
        }
        bool wheels = injected.Any(member => member.Record.IsWheel);
        return this with
        {
            Members = members,
            Warnings =
            [
                .. Warnings,
                .. wheels
                    ? ["Currently we cannot verify that injected wheels are compatible with the environment."]
                    : (string[])[],
            ],
        };
    }

    private static void RefuseOtherThanWheels(LockedPypiPackage[] packages)
    {
        if (packages.Length == 0)
        {
            return;
        }
        IEnumerable<string> sentences = packages.Select(package =>
            $"package {package.Name} is not a wheel file, we currently require all dependencies to be wheels. ({What(package)})"
        );
        throw new UsageException(ErrorCodes.UnsupportedPackageKind, string.Join('\n', sentences))
        {
            Hint =
                "--build-sdists builds wheels of them with uv or pip, --ignore-pypi-non-wheel leaves them out, --inject adds wheels of yours",
        };
    }

    private static string What(LockedPypiPackage package)
    {
        string kind =
            package.Editable ? "editable"
            : package.Location.Scheme is { } scheme && scheme.Contains("git", StringComparison.Ordinal) ? "from git"
            : package.FileName?.Contains(".tar", StringComparison.Ordinal) == true
            || package.FileName?.EndsWith(".zip", StringComparison.Ordinal) == true
                ? "a source distribution"
            : "a directory";
        return $"{kind}: {EntryPath.Quote(Redaction.Url(package.Location.Text))}";
    }
}

/// <summary>What a plan leaves out or adds.</summary>
public sealed record PackPlanOptions
{
    /// <summary>Python packages that are no wheels are left out, with a warning.</summary>
    public bool IgnoreOtherThanWheels { get; init; }

    /// <summary>Of Python packages that are no wheels, wheels are to be built.</summary>
    public bool BuildOtherThanWheels { get; init; }
}
