using System.Runtime.Versioning;
using Packhorse.Install;
using Packhorse.Os;

namespace Packhorse.Packing;

/// <summary>Packages of an image laid out in a directory beside the output, for programs of theirs that run while it is made.</summary>
[SupportedOSPlatform("linux")]
internal static class EnvironmentLayout
{
    /// <param name="plan">Its prefix is the directory, which must not exist.</param>
    /// <param name="sources">As many as the plan has packages, in its order.</param>
    /// <param name="how">Threads, and who is told of packages that are done.</param>
    /// <returns>What was installed, in the order of the plan.</returns>
    public static LinkedPackage[] Make(
        InstallPlan plan,
        IReadOnlyList<ImagePackage> sources,
        (int Workers, Action<ImagePackage> Done) how,
        CancellationToken cancellation
    )
    {
        FileTree.CreateDirectory(plan.Target.Prefix);
        using LinuxDirectory root = LinuxDirectory.Open(plan.Target.Prefix);
        var sink = new DirectorySink(root);
        sink.CreateDirectories(plan.Directories);
        var linked = new LinkedPackage[sources.Count];
        Workers.Run(
            Enumerable.Range(0, sources.Count).ToArray(),
            how.Workers,
            (index, token) =>
            {
                linked[index] = sources[index].Link(plan.Packages[index], (plan.Target, sink), _ => { }, token);
                how.Done(sources[index]);
            },
            cancellation
        );
        return linked;
    }
}
