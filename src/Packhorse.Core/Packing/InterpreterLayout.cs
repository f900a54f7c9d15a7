using System.Buffers;
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
            .. infos
                .Zip(packages.All)
                .Where(pair => pair.First.Wheel is null && needed.Contains(pair.First.Record.Name)),
        ];
        InstallPlan plan = InstallPlan.Create(
            [.. chosen.Select(pair => pair.Info)],
            new InstallTarget(directory, how.Platform)
        );
        if (plan.Python is not { } python)
        {
            return null;
        }
        EnvironmentLayout.Make(plan, [.. chosen.Select(pair => pair.Source)], (how.Workers, _ => { }), cancellation);
        return $"{directory}/{python.Executable}";
    }

    // By name alone: the lock file has chosen the versions.
    private static HashSet<string> Closure(string name, IEnumerable<PackageToInstall> infos)
    {
        Dictionary<string, PackageRecord> byName = infos
            .Where(info => info.Wheel is null)
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
