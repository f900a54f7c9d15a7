using System.Collections.Concurrent;
using System.Runtime.Versioning;
using System.Text;
using Packhorse.Codecs;
using Packhorse.Conda;
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
        InstallPlan plan = Plan(pack, request, reporter, cancellation);
        FileTree.CreateDirectory(request.OutputDirectory);
        using var transaction = EnvironmentTransaction.Begin(request.Prefix, request.Wait, reporter);
        PlannedPackage[] arriving = [.. plan.Packages.Where(package => !transaction.IsInstalled(package, plan))];
        (long bytes, long files) = SpaceCheck.Need(arriving, FreeSpace.Of(request.OutputDirectory)?.BlockBytes ?? 1);
        SpaceCheck.Check(request.OutputDirectory, bytes, files, "unpacking");
        IReadOnlyList<LinkedPackage> linked = Link(
            pack,
            plan,
            arriving,
            (transaction, request.Workers, reporter),
            cancellation
        );
        transaction.Commit(plan, linked);
        return Finish(plan, arriving.Length, pack.Packages, request);
    }

    /// <summary>What unpacking would do, with nothing written.</summary>
    public static InstallPlan Plan(
        PackContents pack,
        UnpackRequest request,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        request.Check();
        pack.Manifest.CheckPlatform(request.Here);
        PackSupport.RefuseWheels(pack.Wheels);
        reporter.BeginStage("Reading package lists", pack.Packages.Count, 0);
        var infos = new PackageToInstall[pack.Packages.Count];
        Workers.Run(
            Enumerable.Range(0, infos.Length).ToArray(),
            request.Workers,
            (index, _) =>
            {
                PackedPackage package = pack.Packages[index];
                PackageInfo info = PackageInfoReader.Read(pack.Member(package.Path), package.Kind, package.FileName);
                infos[index] = PackSupport.ToInstall(package, info);
            },
            cancellation
        );
        InstallPlan plan = InstallPlan.Create(infos, new InstallTarget(request.Prefix, pack.Manifest.Platform));
        foreach (string warning in plan.Warnings)
        {
            reporter.Warn(warning);
        }
        return plan;
    }

    internal static UnpackResult Finish(
        InstallPlan plan,
        int arrived,
        IReadOnlyList<PackedPackage> packages,
        UnpackRequest request
    )
    {
        string script = Path.Combine(request.OutputDirectory, ActivationScript.FileName(request.Shell));
        using (OutputFile output = OutputFile.Create(script, FilePermissions.ReadWrite))
        {
            output.Write(Encoding.UTF8.GetBytes(ActivationScript.Write(Activation.Read(request.Prefix))), 0);
            output.Complete();
        }
        return new UnpackResult
        {
            Prefix = request.Prefix,
            ActivationScript = script,
            Packages = plan.Packages.Count,
            Unchanged = plan.Packages.Count - arrived,
            Unverified = packages.Count(package => !package.Expected.IsVerifiable),
        };
    }

    private static List<LinkedPackage> Link(
        PackContents pack,
        InstallPlan plan,
        PlannedPackage[] arriving,
        (EnvironmentTransaction Transaction, int Workers, IReporter Reporter) to,
        CancellationToken cancellation
    )
    {
        // The plan has the packages in the order of the pack.
        Dictionary<PlannedPackage, PackedPackage> sources = plan
            .Packages.Zip(pack.Packages)
            .ToDictionary(pair => pair.First, pair => pair.Second);
        long Size(PlannedPackage package) => pack.Member(sources[package].Path).Length;

        PlannedPackage[] biggestFirst = [.. arriving.OrderByDescending(Size)];
        to.Reporter.BeginStage("Unpacking", arriving.Length, arriving.Sum(Size));
        var sink = new DirectorySink(to.Transaction.Stage);
        sink.CreateDirectories(plan.DirectoriesOf(arriving));
        var linked = new ConcurrentBag<LinkedPackage>();
        Workers.Run(
            biggestFirst,
            to.Workers,
            (package, token) =>
            {
                PackedPackage source = sources[package];
                using Stream content = pack.Member(source.Path).AsStream();
                using var hashing = new HashingStream(content, source.Expected, count => to.Reporter.Advance(count));
                using (var reader = new CondaPackageReader(hashing, source.Kind, source.FileName))
                {
                    linked.Add(new PackageLinker(package, plan.Target, sink, to.Reporter).Link(reader, token));
                }
                hashing.Verify($"{pack.Where}: {source.Path}");
                to.Reporter.ItemDone(source.FileName);
            },
            cancellation
        );
        return [.. linked.OrderBy(package => package.Plan.Package.FileName, StringComparer.Ordinal)];
    }
}
