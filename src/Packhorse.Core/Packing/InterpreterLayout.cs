using System.Buffers;
using Packhorse.Codecs;
using Packhorse.Conda;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Packing;

/// <summary>The environment's Python, laid out in a temporary directory with the packages that it needs and no others.</summary>
internal static class InterpreterLayout
{
    private static readonly SearchValues<char> EndsOfNames = SearchValues.Create(" =<>!~[");

    /// <param name="directory">Gets it; must not exist.</param>
    /// <returns>The interpreter's path; null when the environment has no Python, or one for another platform.</returns>
    public static string? Make(
        string directory,
        IReadOnlyList<PackageToInstall> infos,
        ImagePackages packages,
        (Platform Platform, int Workers) how,
        CancellationToken cancellation
    )
    {
        if (how.Platform != HostPlatform.Current || !OperatingSystem.IsLinux())
        {
            return null;
        }
        HashSet<string> needed = Closure("python", infos);
        (PackageToInstall Info, ImagePackage Source)[] chosen =
        [
            .. infos.Zip(packages.All).Where(pair => needed.Contains(pair.First.Record.Name)),
        ];
        InstallPlan plan = InstallPlan.Create(
            [.. chosen.Select(pair => pair.Info)],
            new InstallTarget(directory, how.Platform)
        );
        if (plan.Python is not { } python)
        {
            return null;
        }
        FileTree.CreateDirectory(directory);
        using LinuxDirectory root = LinuxDirectory.Open(directory);
        var sink = new DirectorySink(root);
        sink.CreateDirectories(plan.Directories);
        Workers.Run(
            [.. plan.Packages.Zip(chosen.Select(pair => pair.Source))],
            how.Workers,
            (pair, token) => Link(pair.First, pair.Second, (plan.Target, sink), token),
            cancellation
        );
        return $"{directory}/{python.Executable}";
    }

    private static void Link(
        PlannedPackage package,
        ImagePackage source,
        (InstallTarget Target, IInstallSink Sink) to,
        CancellationToken cancellation
    )
    {
        using InputFile file = InputFile.Open(source.Path);
        using Stream content = new InterruptibleSource(file, cancellation).AsStream();
        using var hashing = new HashingStream(content, source.Content);
        using (var reader = new CondaPackageReader(hashing, source.Kind, source.Path))
        {
            using var linker = new PackageLinker(package, to.Target, to.Sink);
            linker.Link(reader, cancellation);
        }
        hashing.Verify(source.Path);
    }

    // By name alone: the lock file has chosen the versions.
    private static HashSet<string> Closure(string name, IEnumerable<PackageToInstall> infos)
    {
        Dictionary<string, PackageRecord> byName = infos
            .Select(info => info.Record)
            .ToDictionary(record => record.Name, StringComparer.Ordinal);
        var needed = new HashSet<string>(StringComparer.Ordinal);
        var pending = new Stack<string>([name]);
        while (pending.TryPop(out string? next))
        {
            if (byName.TryGetValue(next, out PackageRecord? record) && needed.Add(next))
            {
                foreach (string dependency in record.Depends)
                {
                    int end = dependency.AsSpan().IndexOfAny(EndsOfNames);
                    pending.Push(end < 0 ? dependency : dependency[..end]);
                }
            }
        }
        return needed;
    }
}
