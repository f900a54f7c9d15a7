using System.Runtime.Versioning;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Pack;

/// <summary>
/// Makes an environment of a pack that can be read at any offset: the info of every package first, then the plan, then all packages
/// in parallel, the biggest first, each byte written once.
/// </summary>
[SupportedOSPlatform("linux")]
public static class Unpacker
{
    /// <exception cref="PackhorseException">Whatever went wrong; the environment is then as it was before.</exception>
    public static UnpackResult Unpack(
        PackContents pack,
        UnpackRequest request,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        Check(pack, request);
        EnvironmentUpdate? update = TryPlanUpdate(pack, request, cancellation);
        InstallPlan plan = update?.Plan ?? Plan(pack, request, reporter, cancellation);
        using var transaction = EnvironmentTransaction.Begin(request.Prefix, request.Wait, reporter, cancellation);
        if (update is not null && !transaction.TryFollow(update))
        {
            plan = Plan(pack, request, reporter, cancellation);
        }
        plan.Warn(reporter, scriptsRun: request.LinkScripts is not null);
        PackSupport.WarnOfMachine(pack.Packages.Select(package => package.Record), request.Machine, reporter);
        PlannedPackage[] arriving = [.. plan.Packages.Where(package => !transaction.IsInstalled(package, plan))];
        (long bytes, long files) = SpaceCheck.Need(arriving, FreeSpace.Of(request.OutputDirectory)?.BlockBytes ?? 1);
        SpaceCheck.Check(request.OutputDirectory, bytes, files, "unpacking");
        Link(pack, plan, arriving, (transaction, request.Workers, reporter), cancellation);
        return Finish(transaction, EnvironmentArrival.Of(plan, arriving), (request, reporter)) with
        {
            Unverified = pack.Packages.Count(package => !package.Expected.IsVerifiable),
        };
    }

    /// <summary>What unpacking would do, with nothing written.</summary>
    public static InstallPlan Plan(
        PackContents pack,
        UnpackRequest request,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        Check(pack, request);
        reporter.BeginStage("Reading package lists", pack.Packages.Count, 0);
        InstallPlan plan;
        try
        {
            plan = InstallPlan.Create(
                ReadInfos(pack, pack.Packages, request.Workers, cancellation),
                new InstallTarget(request.Prefix, pack.Manifest.Platform)
            );
        }
        catch (PackhorseException)
        {
            // What damaged packages say of themselves may lead to any conclusion; that they are damaged is the right one.
            Workers.Run(pack.Packages, request.Workers, (package, token) => Verify(pack, package, token), cancellation);
            throw;
        }
        return plan;
    }

    /// <summary>
    /// Makes the stage the environment, and writes the activation script. All that can fail comes before the environment gets its name.
    /// </summary>
    internal static UnpackResult Finish(
        EnvironmentTransaction transaction,
        EnvironmentArrival arrival,
        (UnpackRequest Request, IReporter Reporter) asked
    )
    {
        UnpackRequest request = asked.Request;
        // A name of this environment's own: several environments of one directory may be made at once.
        string part = Path.Combine(request.OutputDirectory, $".{request.EnvironmentName}.packhorse-script");
        using var scripts = ActivationFiles.Create(request, part);
        Activation activation = Activation.ReadAt(transaction.StagePath, request.Prefix);
        transaction.Commit(arrival);
        if (!transaction.IsNew)
        {
            // What was there and is kept has its part in it.
            activation = Activation.Read(request.Prefix);
        }
        foreach (string warning in activation.Warnings)
        {
            asked.Reporter.Warn(warning);
        }
        scripts.Write(activation);
        request.LinkScripts?.Run(request.Prefix, arrival.Arrived, asked.Reporter);
        return new UnpackResult
        {
            Prefix = request.Prefix,
            ActivationScripts = [.. request.Scripts.Select(request.PathOf)],
            Packages = arrival.Records.Count,
            Unchanged = arrival.Records.Count - arrival.Arrived.Count,
        };
    }

    private static void Check(PackContents pack, UnpackRequest request)
    {
        request.Check();
        pack.Manifest.CheckPlatform(request.Here);
    }

    // Into a new directory there is nothing to update.
    private static EnvironmentUpdate? TryPlanUpdate(
        PackContents pack,
        UnpackRequest request,
        CancellationToken cancellation
    )
    {
        PackageToInstall[] Read(IReadOnlyList<PackageRecord> records)
        {
            HashSet<PackageRecord> wanted = new(records, ReferenceEqualityComparer.Instance);
            PackedPackage[] packages = [.. pack.Packages.Where(package => wanted.Contains(package.Record))];
            return ReadInfos(pack, packages, request.Workers, cancellation);
        }
        return EnvironmentUpdate.TryPlan(
            [.. pack.Packages.Select(package => package.Record)],
            new InstallTarget(request.Prefix, pack.Manifest.Platform),
            Read,
            (request.Workers, cancellation)
        );
    }

    private static PackageToInstall[] ReadInfos(
        PackContents pack,
        IReadOnlyList<PackedPackage> packages,
        int workers,
        CancellationToken cancellation
    )
    {
        var infos = new PackageToInstall[packages.Count];
        Workers.Run(
            Enumerable.Range(0, infos.Length).ToArray(),
            workers,
            (index, token) =>
            {
                PackedPackage package = packages[index];
                IRandomAccess content = new InterruptibleSource(pack.Member(package.Path), token);
                infos[index] = package.Describe(content, pack.Name(package.Path));
            },
            cancellation
        );
        return infos;
    }

    private static void Verify(PackContents pack, PackedPackage package, CancellationToken cancellation)
    {
        if (package.Expected.IsVerifiable)
        {
            var content = new InterruptibleSource(pack.Member(package.Path), cancellation);
            PackageContent.Verify(content, package.Expected, pack.Name(package.Path), null);
        }
    }

    private static void Link(
        PackContents pack,
        InstallPlan plan,
        PlannedPackage[] arriving,
        (EnvironmentTransaction Transaction, int Workers, IReporter Reporter) to,
        CancellationToken cancellation
    )
    {
        Dictionary<string, PackedPackage> byName = pack.Packages.ToDictionary(package =>
            package.Record.DistributionName
        );
        Dictionary<PlannedPackage, PackedPackage> sources = arriving.ToDictionary(
            package => package,
            package => byName[package.Package.Record.DistributionName]
        );
        long Size(PlannedPackage package) => pack.Member(sources[package].Path).Length;

        PlannedPackage[] biggestFirst = [.. arriving.OrderByDescending(Size)];
        to.Reporter.BeginStage("Unpacking", arriving.Length, arriving.Sum(Size));
        var sink = new DirectorySink(to.Transaction.Stage);
        sink.CreateDirectories(plan.DirectoriesOf(arriving));
        Workers.Run(
            biggestFirst,
            to.Workers,
            (package, token) =>
            {
                LinkedPackage linked = LinkOne(
                    pack,
                    sources[package],
                    (package, plan.Target, sink),
                    to.Reporter,
                    token
                );
                linked.WarnOfLinks(to.Reporter);
                to.Transaction.AddRecord(linked);
                to.Reporter.ItemDone(package.Package.FileName);
            },
            cancellation
        );
    }

    private static LinkedPackage LinkOne(
        PackContents pack,
        PackedPackage package,
        (PlannedPackage Plan, InstallTarget Target, IInstallSink Sink) to,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        try
        {
            var content = new InterruptibleSource(pack.Member(package.Path), cancellation);
            string where = pack.Name(package.Path);
            return package.Link(content, where, to, count => reporter.Advance(count), cancellation);
        }
        catch (CorruptDataException)
        {
            Verify(pack, package, cancellation);
            throw;
        }
    }
}
