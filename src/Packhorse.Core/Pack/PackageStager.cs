using System.Runtime.Versioning;
using Packhorse.Codecs;
using Packhorse.Conda;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Pack;

/// <summary>Puts packages of a stream into directories of their own. Thread-safe.</summary>
[SupportedOSPlatform("linux")]
internal sealed class PackageStager(
    LinuxDirectory stage,
    InstallTarget target,
    IReporter reporter,
    CancellationToken cancellation
)
{
    /// <summary>Stages a package that is in memory: its info is read first, so that every file is written once.</summary>
    public StagedPackage StageFromMemory(IncomingPackage package, AnonymousMemory buffer)
    {
        var source = new InterruptibleSource(buffer, cancellation);
        PackageInfo info = PackageInfoReader.Read(source, package.Kind, package.Path);
        string directory = CreateDirectory(package);
        var sink = new SubdirectorySink(stage, directory);
        PlannedPackage plan = PlannedPackage.InPlace(info, package.FileName);
        sink.CreateDirectories(plan.ParentDirectories());
        using Stream content = source.AsStream();
        using var digesting = new DigestingStream(content, package.WithMd5, count => reporter.Advance(count));
        LinkedPackage linked;
        using (var reader = new CondaPackageReader(digesting, package.Kind, package.Path))
        {
            using var linker = new PackageLinker(plan, target, sink);
            linked = linker.Link(reader, cancellation);
        }
        return new StagedPackage
        {
            Path = package.Path,
            Directory = directory,
            Info = info,
            Special = StagedPackage.KeepSpecial(linked.Paths),
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
        var info = new PackageInfoBuilder(package.Path);
        using var raw = new RawPackageWriter(new SubdirectorySink(stage, directory), package.Path);
        using (var reader = new CondaPackageReader(digesting, package.Kind, package.Path))
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
        foreach (PackagePath path in built.Paths)
        {
            raw.CheckPresent(path);
            if (path.Placeholder is null)
            {
                continue;
            }
            target.CheckFits(path.Placeholder, path.Path, package.FileName);
            raw.Relocate(path, target, built.AboutModified, stage, directory);
        }
        return new StagedPackage
        {
            Path = package.Path,
            Directory = directory,
            Info = built,
            Special = StagedPackage.KeepSpecial(raw.Linked),
            Content = actual,
        };
    }

    private string CreateDirectory(IncomingPackage package)
    {
        // A name that no package can claim.
        string directory = $"{StageNames.Incoming}/{package.Ordinal}";
        _ = stage.TryCreateDirectory(StageNames.Incoming);
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
