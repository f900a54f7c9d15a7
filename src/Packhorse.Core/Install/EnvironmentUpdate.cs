using System.Runtime.Versioning;
using Packhorse.Codecs;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Install;

/// <summary>Reads what packages say of themselves, in the order of the records.</summary>
public delegate IReadOnlyList<PackageToInstall> PackageReader(IReadOnlyList<PackageRecord> records);

/// <summary>
/// A change of an environment that costs what changes: packages that stay are neither read nor planned. It is there only where the
/// digests that the last run left prove that every record is as it was written, and where nothing that comes or goes has a path in
/// common with what stays, so that the full plan would come to the same.
/// </summary>
[SupportedOSPlatform("linux")]
public sealed class EnvironmentUpdate
{
    private readonly EnvironmentMarker _marker;

    private EnvironmentUpdate(EnvironmentMarker marker, InstalledDigests known, InstallPlan plan, string[] going)
    {
        _marker = marker;
        Known = known;
        Plan = plan;
        Going = new InstalledEnvironment
        {
            Packages =
            [
                .. going.Select(name =>
                    InstalledEnvironment.ReadRecord(plan.Target.Prefix, CondaMeta.RecordPath(name))
                ),
            ],
            Marker = marker,
        };
    }

    /// <summary>Of what arrives; the rest is <see cref="InstallPlan.Staying"/>.</summary>
    public InstallPlan Plan { get; }

    /// <summary>The packages that leave or are replaced.</summary>
    public InstalledEnvironment Going { get; }

    /// <summary>As the environment has it.</summary>
    internal InstalledDigests Known { get; }

    /// <param name="wanted">Every package that the environment is to have.</param>
    /// <returns>Null where everything has to be planned.</returns>
    public static EnvironmentUpdate? TryPlan(
        IReadOnlyList<PackageRecord> wanted,
        InstallTarget target,
        PackageReader read,
        (int Workers, CancellationToken Cancellation) how
    )
    {
        try
        {
            return TryCreate(wanted, target, read) is { } update && update.NothingMeets(how) ? update : null;
        }
        // Whatever is wrong, the full plan finds it too, and says it as it should be said.
        catch (PackhorseException)
        {
            return null;
        }
    }

    /// <summary>To be asked while the lock is held: nobody has changed the environment since the plan was made.</summary>
    internal bool IsStillRight()
    {
        string prefix = Plan.Target.Prefix;
        return InstalledEnvironment.ReadMarker(prefix) == _marker
            && InstalledDigests.Find(prefix)?.Write().AsSpan().SequenceEqual(Known.Write()) == true;
    }

    private static EnvironmentUpdate? TryCreate(
        IReadOnlyList<PackageRecord> wanted,
        InstallTarget target,
        PackageReader read
    )
    {
        PythonScheme? python = PythonScheme.Find(wanted, target.Platform);
        if (
            !InstalledEnvironment.IsEnvironment(target.Prefix)
            || InstalledEnvironment.ReadMarker(target.Prefix) is not { } marker
            || marker != new EnvironmentMarker(target.Prefix, target.Platform.Subdir, python?.Version)
            || InstalledDigests.Find(target.Prefix) is not { } known
            || known.SitePackages != python?.SitePackages
            // A record more or less: another tool was at it, or a package has no digest.
            || !InstalledEnvironment
                .RecordPaths(target.Prefix)
                .SequenceEqual(known.Packages.Keys.Select(CondaMeta.RecordPath).Order(StringComparer.Ordinal))
        )
        {
            return null;
        }
        ILookup<bool, PackageRecord> stays = wanted.ToLookup(record =>
            record.Sha256 is { } sha256
            && known.Packages.TryGetValue(record.DistributionName, out PackageDigests there)
            && there.Package == sha256
        );
        PackageRecord[] staying = [.. stays[true]];
        InstallPlan plan = InstallPlan.Create(read([.. stays[false]]), target, staying);
        string[] going = [.. known.Packages.Keys.Except(staying.Select(record => record.DistributionName))];
        return new EnvironmentUpdate(marker, known, plan, going);
    }

    private bool NothingMeets((int Workers, CancellationToken Cancellation) how)
    {
        string prefix = Plan.Target.Prefix;
        var changing = new ChangingPaths(Plan, Going.Packages.SelectMany(package => package.Files));
        // A directory without files may be a package's own, which no record tells.
        if (changing.Files.Any(file => FileTree.IsRealDirectory(Path.Combine(prefix, file))))
        {
            return false;
        }
        bool meets = Going.Packages.Any(package =>
            package.RecordSha256 != Known.Packages[Name(package)].Record || package.Files.Any(ChangingPaths.IsAside)
        );
        Workers.Run(
            Plan.Staying,
            how.Workers,
            (record, _) =>
            {
                string path = Path.Combine(prefix, CondaMeta.RecordPath(record));
                byte[] content = InputFile.ReadAllBytes(path, Limits.JsonBytes);
                if (
                    Sha256.Hash(content) != Known.Packages[record.DistributionName].Record
                    || changing.Meets(content, path)
                )
                {
                    Volatile.Write(ref meets, true);
                }
            },
            how.Cancellation
        );
        return !meets;
    }

    private static string Name(InstalledPackage package) => CondaMeta.NameOf(package.RecordPath);
}
