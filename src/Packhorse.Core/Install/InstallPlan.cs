using Packhorse.Model;

namespace Packhorse.Install;

/// <summary>
/// What lands where when a set of packages becomes an environment: computed once from the packages' info, before a byte of content is
/// read, and the same for every kind of sink. Rules: rattler's and conda's (CEP 32, CEP 34), see <c>docs/reference/install.md</c>.
/// </summary>
public sealed class InstallPlan
{
    /// <summary>Where files go whose path another package has the right to, below it a directory per package name.</summary>
    public const string ClobberedDirectory = "__clobbers__";

    private InstallPlan(
        InstallTarget target,
        IReadOnlyList<PlannedPackage> packages,
        IReadOnlyList<string> directories,
        IReadOnlyList<string> warnings
    )
    {
        Target = target;
        Packages = packages;
        Directories = directories;
        Warnings = warnings;
    }

    public InstallTarget Target { get; }

    /// <summary>In the order of the input.</summary>
    public IReadOnlyList<PlannedPackage> Packages { get; }

    /// <summary>Packages of the environment that are installed already and are no part of the plan.</summary>
    public IReadOnlyList<PackageRecord> Staying { get; private init; } = [];

    /// <summary>All packages that the environment has in the end.</summary>
    public IEnumerable<PackageRecord> Records => Packages.Select(package => package.Package.Record).Concat(Staying);

    /// <summary>Every directory that is needed, relative to the prefix, parents first.</summary>
    public IReadOnlyList<string> Directories { get; }

    /// <summary>What a user should know, such as paths that several packages bring.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>Which packages bring scripts for installers to run, a sentence each.</summary>
    public IEnumerable<string> ScriptNotes =>
        Packages
            .Where(package => package.Package.Info.LinkScripts.Count > 0)
            .Select(package => NoteOfScripts(package.Package.Record, package.Package.Info.LinkScripts));

    /// <summary>What is written into the environment when it is complete.</summary>
    public EnvironmentMarker Marker => new(Target.Prefix, Target.Platform.Subdir, Python?.Version);

    public PythonScheme? Python { get; private init; }

    /// <summary>Bytes of all files as packaged, as far as the packages tell.</summary>
    public long Size => Packages.Sum(package => package.Paths.Sum(path => path.Source.InstalledSize));

    /// <summary>Files and links, those included that are made here.</summary>
    public int FileCount => Packages.Sum(package => package.FileCount + 1);

    /// <exception cref="OperationFailedException">A noarch python package without Python, or one name twice.</exception>
    /// <exception cref="UsageException">The prefix is too long for a package.</exception>
    /// <exception cref="CorruptDataException">A package contradicts itself.</exception>
    public static InstallPlan Create(IReadOnlyList<PackageToInstall> packages, InstallTarget target) =>
        Create(packages, target, []);

    /// <param name="staying">
    /// What is installed already, has no path in common with what is planned, and stays as it is.
    /// </param>
    /// <inheritdoc cref="Create(IReadOnlyList{PackageToInstall}, InstallTarget)"/>
    internal static InstallPlan Create(
        IReadOnlyList<PackageToInstall> packages,
        InstallTarget target,
        IReadOnlyList<PackageRecord> staying
    )
    {
        PackageRecord[] records = [.. packages.Select(package => package.Record)];
        CheckNames([.. records, .. staying]);
        PythonScheme? python = PythonScheme.Find([.. records, .. staying], target.Platform);
        var claims = new PathClaims();
        claims.TryClaimDirectory(CondaMeta.Directory);
        if (records.Any(record => record.IsWheel))
        {
            claims.TryClaimDirectory(CondaMeta.WheelRecords);
        }
        foreach (string reserved in CondaMeta.ReservedPaths([.. records, .. staying]))
        {
            claims.TryClaimFile(reserved);
        }
        var warnings = new List<string>();
        var planned = new Dictionary<PackageToInstall, PlannedPackage>(ReferenceEqualityComparer.Instance);
        // Wheels come over conda packages, as installers add them afterwards; the last by name wins a path.
        foreach (
            PackageToInstall wheel in packages
                .Where(package => package.Record.IsWheel)
                .OrderByDescending(package => package.Record.Name, StringComparer.Ordinal)
        )
        {
            planned[wheel] = new WheelPlanner(wheel, target, python, claims, warnings).Plan();
        }
        // Of conda packages the last in topological order wins a path, so it claims first.
        PackageToInstall[] conda = [.. packages.Where(package => !package.Record.IsWheel)];
        foreach (int index in TopologicalOrder.Sort([.. conda.Select(package => package.Record)]).Reverse())
        {
            planned[conda[index]] = new PackagePlanner(conda[index], target, python, claims, warnings).Plan();
        }
        PlannedPackage[] inOrder = [.. packages.Select(package => planned[package])];
        return new InstallPlan(target, inOrder, claims.Directories, warnings) { Python = python, Staying = staying };
    }

    /// <summary>Tells what a user should know.</summary>
    /// <param name="scriptsRun">Scripts for installers are run, so that they need no note.</param>
    public void Warn(IReporter reporter, bool scriptsRun)
    {
        foreach (string warning in scriptsRun ? Warnings : Warnings.Concat(ScriptNotes))
        {
            reporter.Warn(warning);
        }
    }

    /// <param name="scripts">Their paths.</param>
    public static string NoteOfScripts(PackageRecord package, IEnumerable<string> scripts) =>
        $"{package} brings scripts for installers to run, which packhorse runs only with --run-link-scripts: {string.Join(", ", scripts)}";

    /// <summary>Those of <see cref="Directories"/> that some of the packages need.</summary>
    public IReadOnlyList<string> DirectoriesOf(IReadOnlyCollection<PlannedPackage> packages)
    {
        if (packages.Count == Packages.Count)
        {
            return Directories;
        }
        var claims = new PathClaims();
        foreach (PlannedPackage package in packages)
        {
            foreach (string target in package.Targets)
            {
                claims.TryClaimFile(target);
            }
        }
        return claims.Directories;
    }

    private static void CheckNames(PackageRecord[] records)
    {
        // A wheel may have the name of a conda package, which is another thing.
        var names = new Dictionary<string, PackageRecord>(StringComparer.Ordinal);
        foreach (PackageRecord record in records)
        {
            // The stem becomes a file name in conda-meta, and tells wheels from conda packages.
            bool isOther = record.IsWheel != (record.Subdir == PackageRecord.WheelSubdir);
            if (isOther || !EntryPath.IsSafe(record.DistributionName) || record.DistributionName.Contains('/'))
            {
                throw new CorruptDataException(
                    ErrorCodes.UnsafePath,
                    $"{EntryPath.Quote(record.ToString())} cannot be the name of a package"
                );
            }
            string name = record.IsWheel ? $"wheel {record.Name}" : record.Name;
            if (!names.TryAdd(name, record))
            {
                throw new OperationFailedException(
                    ErrorCodes.PackagesDoNotFit,
                    $"two packages have the name {record.Name}: {names[name]} and {record}"
                );
            }
        }
    }
}
