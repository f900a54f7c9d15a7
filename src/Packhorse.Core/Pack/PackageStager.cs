using System.Runtime.Versioning;
using Packhorse.Codecs;
using Packhorse.Conda;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Pack;

/// <summary>Puts packages of a stream into directories of their own. Thread-safe.</summary>
[SupportedOSPlatform("linux")]
internal sealed class PackageStager(LinuxDirectory stage, InstallTarget target, IReporter reporter)
{
    /// <summary>Stages a package that is in memory: its info is read first, so that every file is written once.</summary>
    public StagedPackage StageFromMemory(IncomingPackage package, NativeBuffer buffer)
    {
        PackageInfo info = PackageInfoReader.Read(buffer, package.Kind, package.FileName);
        string directory = CreateDirectory(package);
        var sink = new SubdirectorySink(stage, directory);
        PlannedPackage plan = PlannedPackage.InPlace(info, package.FileName);
        sink.CreateDirectories(plan.ParentDirectories());
        using Stream content = buffer.AsStream();
        using var digesting = new DigestingStream(content, package.WithMd5, count => reporter.Advance(count));
        LinkedPackage linked;
        using (var reader = new CondaPackageReader(digesting, package.Kind, package.FileName))
        {
            linked = new PackageLinker(plan, target, sink, reporter).Link(reader, CancellationToken.None);
        }
        return new StagedPackage
        {
            Path = package.Path,
            Directory = directory,
            Info = info,
            Linked = linked.Paths.ToDictionary(path => path.Target, StringComparer.Ordinal),
            Content = Finish(digesting),
        };
    }

    /// <summary>
    /// Stages a package while it arrives. Its info comes last, so that files are written as they are and those that turn out to hold
    /// the prefix are rewritten afterwards.
    /// </summary>
    public StagedPackage StageAsItComes(IncomingPackage package, Stream content)
    {
        string directory = CreateDirectory(package);
        using var digesting = new DigestingStream(content, package.WithMd5, count => reporter.Advance(count));
        var info = new PackageInfoBuilder(package.FileName);
        var raw = new RawPackageWriter(new SubdirectorySink(stage, directory), package.FileName, reporter);
        using (var reader = new CondaPackageReader(digesting, package.Kind, package.FileName))
        {
            while (reader.MoveNext())
            {
                if (!reader.IsInfo)
                {
                    raw.Write(reader.Path, reader.Tar);
                }
                else if (reader.Path.StartsWith("info/", StringComparison.Ordinal))
                {
                    info.Add(reader.Path, reader.Tar);
                }
            }
        }
        ActualContent actual = Finish(digesting);
        PackageInfo built = info.Build();
        foreach (PackagePath path in built.Paths.Where(path => path.Placeholder is not null))
        {
            target.CheckFits(path.Placeholder!, path.Path, package.FileName);
            raw.Relocate(path, target, built.AboutModified, stage, directory);
        }
        return new StagedPackage
        {
            Path = package.Path,
            Directory = directory,
            Info = built,
            Linked = raw.Linked,
            Content = actual,
        };
    }

    private string CreateDirectory(IncomingPackage package)
    {
        string directory = $".stream-{package.Ordinal}";
        _ = stage.TryCreateDirectory(directory);
        return directory;
    }

    // What follows the package's last part is digested too.
    private static ActualContent Finish(DigestingStream digesting)
    {
        digesting.CopyTo(Stream.Null);
        (Digest sha256, Md5Digest? md5) = digesting.Finish();
        return new ActualContent(digesting.Count, sha256, md5);
    }
}
