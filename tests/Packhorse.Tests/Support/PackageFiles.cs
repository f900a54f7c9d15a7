using System.Runtime.Versioning;
using Packhorse.Conda;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.TestChannel;

namespace Packhorse.Tests.Support;

/// <summary>Package files as an installer gets them.</summary>
public static class PackageFiles
{
    public static PackageArchiveKind Kind(string path) =>
        PackageFileName.TryGetKind(Path.GetFileName(path), out PackageArchiveKind kind)
            ? kind
            : throw new ArgumentException($"{path} is no package");

    public static PackageInfo Info(string path)
    {
        using InputFile file = InputFile.Open(path);
        return PackageInfoReader.Read(file, Kind(path), Path.GetFileName(path));
    }

    public static PackageToInstall ToInstall(string path)
    {
        PackageInfo info = Info(path);
        return new PackageToInstall
        {
            Record = info.Index,
            Info = info,
            FileName = Path.GetFileName(path),
            Url = $"https://channel.example/{info.Index.Subdir}/{Path.GetFileName(path)}",
            Channel = "https://channel.example",
        };
    }

    /// <summary>Writes packages made by a test into a directory.</summary>
    public static IReadOnlyList<string> Write(string directory, params IEnumerable<BuiltPackage> packages)
    {
        Directory.CreateDirectory(directory);
        var paths = new List<string>();
        foreach (BuiltPackage package in packages)
        {
            paths.Add(Path.Combine(directory, package.FileName));
            File.WriteAllBytes(paths[^1], package.ToArray());
        }
        return paths;
    }

    /// <summary>Plans and links package files into a sink, one after the other.</summary>
    public static (InstallPlan Plan, IReadOnlyList<LinkedPackage> Linked) Install(
        IReadOnlyList<string> paths,
        InstallTarget target,
        IInstallSink sink,
        IReporter? reporter = null
    )
    {
        InstallPlan plan = InstallPlan.Create([.. paths.Select(ToInstall)], target);
        sink.CreateDirectories(plan.Directories);
        var linked = new List<LinkedPackage>();
        foreach ((string path, PlannedPackage package) in paths.Zip(plan.Packages))
        {
            using FileStream file = File.OpenRead(path);
            using var reader = new CondaPackageReader(file, Kind(path), Path.GetFileName(path));
            using var linker = new PackageLinker(package, target, sink);
            LinkedPackage one = linker.Link(reader, CancellationToken.None);
            one.WarnOfLinks(reporter ?? SilentReporter.Instance);
            linked.Add(one);
        }
        return (plan, linked);
    }

    /// <summary>The same into a new directory below the scratch directory, for the prefix that it has there.</summary>
    [SupportedOSPlatform("linux")]
    public static (InstallPlan Plan, IReadOnlyList<LinkedPackage> Linked) InstallInto(
        string prefix,
        params IReadOnlyList<string> paths
    )
    {
        Directory.CreateDirectory(prefix);
        using LinuxDirectory root = LinuxDirectory.Open(prefix);
        return Install(paths, new InstallTarget(prefix, Platform.Linux64), new DirectorySink(root));
    }
}
