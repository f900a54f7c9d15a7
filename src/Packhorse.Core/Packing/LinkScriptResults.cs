using System.Runtime.Versioning;
using System.Text;
using Packhorse.Conda;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Pack;
using Packhorse.Packing.Squashfs;

namespace Packhorse.Packing;

/// <summary>
/// What the packages' link scripts make of an environment: it is laid out beside the output, the scripts run there, and what they wrote goes
/// into the image as if a package had brought it, with the directory's path as the placeholder of the prefix.
/// </summary>
internal sealed class LinkScriptResults : IDisposable
{
    private const int BufferBytes = 256 << 10;

    private const UnixFileMode Regular = (UnixFileMode)0x1A4; // 0644
    private const UnixFileMode Executable = (UnixFileMode)0x1ED; // 0755

    private readonly string _directory;
    private readonly TreeSnapshot _after;
    private readonly IReadOnlyList<string> _written;

    private LinkScriptResults(string directory, TreeSnapshot before, IEnumerable<string> reserved)
    {
        _directory = directory;
        _after = TreeSnapshot.Of(directory);
        HashSet<string> own = reserved.ToHashSet(StringComparer.Ordinal);
        // Byte-code holds the directory's name in a form of its own, and the image's is made anew.
        bool Counts(string path) => !own.Contains(path) && !path.EndsWith(".pyc", StringComparison.Ordinal);
        _written = [.. _after.ChangedSince(before).Where(Counts)];
        Replaced = _written.Concat(_after.MissingSince(before).Where(Counts)).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Paths that are no longer as the packages have them.</summary>
    public IReadOnlySet<string> Replaced { get; }

    /// <returns>Null where no package brings a script, or none shall run.</returns>
    /// <exception cref="IncompatibleException">There are scripts, and they are for another platform.</exception>
    public static LinkScriptResults? Make(
        ImageRequest request,
        (IReadOnlyList<PackageToInstall> Infos, ImagePackages Packages) environment,
        PartDirectory part,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        PackageToInstall? first = environment.Infos.FirstOrDefault(info => info.Info.LinkScripts.Count > 0);
        if (request.LinkScriptVariables is not { } variables || first is null)
        {
            return null;
        }
        if (request.Plan.Platform != HostPlatform.Current || !OperatingSystem.IsLinux())
        {
            throw new IncompatibleException(
                ErrorCodes.UnsupportedHere,
                $"link scripts such as those of {first.Record} run on {request.Plan.Platform} only, this machine is {HostPlatform.Current}"
            )
            {
                Hint = "pack there, or leave --run-link-scripts out: packhorse unpack has the option too",
            };
        }
        string directory = part["scripts"];
        FileTree.DeleteDirectory(directory);
        var plan = InstallPlan.Create(environment.Infos, new InstallTarget(directory, request.Plan.Platform));
        try
        {
            Lay(plan, environment.Packages, request.Workers, reporter, cancellation);
            var before = TreeSnapshot.Of(directory);
            // Without byte-code, which would be for the wrong prefix.
            var scripts = new LinkScripts(
                new Dictionary<string, string>(variables, StringComparer.Ordinal) { ["PYTHONDONTWRITEBYTECODE"] = "1" }
            );
            scripts.Run(directory, [.. plan.Records], reporter);
            return new LinkScriptResults(directory, before, CondaMeta.ReservedPaths(plan.Records));
        }
        catch
        {
            FileTree.DeleteDirectory(directory);
            throw;
        }
    }

    /// <summary>The image's sink for packages, without what scripts replaced or removed.</summary>
    public IInstallSink Around(ImageSink sink, InstallTarget target) => new RemainingSink((sink, target), this);

    /// <summary>A record without digests of what is no longer as the package's.</summary>
    public LinkedPackage Correct(LinkedPackage linked) =>
        linked with
        {
            Paths =
            [
                .. linked.Paths.Select(path =>
                    Replaced.Contains(path.Target) ? path with { Sha256InPrefix = null } : path
                ),
            ],
        };

    /// <summary>Writes what scripts made; the packages are there.</summary>
    public void WriteTo(ImageSink sink, InstallTarget target, IReporter reporter)
    {
        foreach (string path in _written)
        {
            if (!EntryPath.IsSafe(path) || path.Contains('\uFFFD') || _after.IsOther(path))
            {
                throw new OperationFailedException(
                    ErrorCodes.BuildFailed,
                    $"a link script made {EntryPath.Quote(path)}, which cannot be in an image: no file, link or directory, or no name for one"
                )
                {
                    Hint = "leave --run-link-scripts out here, and give it to packhorse unpack",
                };
            }
            if (_after.IsDirectory(path))
            {
                sink.CreateDirectories([path]);
            }
            else if (_after.LinkText(path) is { } link)
            {
                sink.CreateSymbolicLink(path, Relative(path, link), SquashfsWriter.FixedTime);
            }
            else
            {
                WriteFile(path, sink, target);
            }
        }
        reporter.Detail($"link scripts wrote or removed {Replaced.Count:N0} paths");
    }

    public void Dispose() => FileTree.DeleteDirectory(_directory);

    [SupportedOSPlatform("linux")]
    private static void Lay(
        InstallPlan plan,
        ImagePackages packages,
        int workers,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        string parent = Path.GetDirectoryName(plan.Target.Prefix)!;
        (long bytes, long files) = SpaceCheck.Need(plan.Packages, FreeSpace.Of(parent)?.BlockBytes ?? 1);
        SpaceCheck.Check(parent, bytes, files, "laying the environment out for its link scripts");
        reporter.BeginStage("Laying out for link scripts", plan.Packages.Count, packages.PackedBytes);
        void Done(ImagePackage package)
        {
            reporter.Advance(package.Content.Size ?? 0);
            reporter.ItemDone(package.FileName);
        }

        LinkedPackage[] linked = EnvironmentLayout.Make(plan, packages.All, (workers, Done), cancellation);
        using LinuxDirectory root = LinuxDirectory.Open(plan.Target.Prefix);
        var sink = new DirectorySink(root);
        sink.CreateDirectories([CondaMeta.Directory]);
        if (plan.Records.Any(record => record.IsWheel))
        {
            sink.CreateDirectories([CondaMeta.WheelRecords]);
        }
        foreach (LinkedPackage package in linked)
        {
            string record = CondaMeta.RecordPath(package.Plan.Package.Record);
            sink.WriteFile(record, CondaMeta.WriteRecord(package), Regular, SquashfsWriter.FixedTime);
        }
        sink.WriteFile(CondaMeta.HistoryPath, CondaMeta.History, Regular, SquashfsWriter.FixedTime);
    }

    private void WriteFile(string path, ImageSink sink, InstallTarget target)
    {
        using InputFile content = InputFile.Open(Path.Combine(_directory, path));
        PrefixPlaceholder? placeholder = FindPlaceholder(content);
        if (placeholder is not null)
        {
            target.CheckFits(placeholder, path, "what a link script wrote");
        }
        UnixFileMode mode = _after.Mode(path).HasFlag(UnixFileMode.UserExecute) ? Executable : Regular;
        long? size = placeholder is null or { Mode: PrefixFileMode.Binary } ? content.Length : null;
        using IInstallFile file = sink.CreateFile(
            new InstallFile(path, mode, SquashfsWriter.FixedTime, size) { Placeholder = placeholder }
        );
        using Relocation? relocation = placeholder is null ? null : new Relocation(placeholder, target, file);
        IContentWriter output = relocation is null ? file : relocation;
        var buffer = new byte[BufferBytes];
        int count;
        for (long at = 0; (count = content.Read(buffer, at)) > 0; at += count)
        {
            output.Write(buffer.AsSpan(0, count));
        }
        relocation?.Finish();
        file.Complete();
    }

    // As packages are built: where the prefix stands in a file with NULs it is text in C's form, whose length stays.
    private PrefixPlaceholder? FindPlaceholder(InputFile content)
    {
        byte[] prefix = Encoding.UTF8.GetBytes(_directory);
        var buffer = new byte[BufferBytes];
        bool hasPrefix = false;
        bool hasNul = false;
        int count;
        // Overlapping, for a prefix across the ends of two pieces.
        for (long at = 0; (count = content.Read(buffer, at)) > 0; at += Math.Max(1, count - prefix.Length + 1))
        {
            ReadOnlySpan<byte> piece = buffer.AsSpan(0, count);
            hasPrefix |= piece.IndexOf(prefix) >= 0;
            hasNul |= piece.Contains((byte)0);
            if ((hasPrefix && hasNul) || at + count >= content.Length)
            {
                break;
            }
        }
        return hasPrefix
            ? new PrefixPlaceholder(_directory, hasNul ? PrefixFileMode.Binary : PrefixFileMode.Text)
            : null;
    }

    // Links have no place for another prefix: those into the environment become relative.
    private string Relative(string path, string link)
    {
        if (link != _directory && !link.StartsWith($"{_directory}/", StringComparison.Ordinal))
        {
            return link;
        }
        string up = string.Concat(Enumerable.Repeat("../", path.Count(c => c == '/')));
        string relative = up + link[_directory.Length..].TrimStart('/');
        return relative.Length == 0 ? "." : relative;
    }

    private sealed class RemainingSink((ImageSink Sink, InstallTarget Target) to, LinkScriptResults results)
        : IInstallSink
    {
        public void CreateDirectories(IReadOnlyList<string> paths) =>
            to.Sink.CreateDirectories([.. paths.Where(results._after.IsDirectory)]);

        public IInstallFile CreateFile(InstallFile file) =>
            results.Replaced.Contains(file.Path) ? new UnwantedFile() : to.Sink.CreateFile(file);

        public void CreateSymbolicLink(string path, string target, long modified)
        {
            if (!results.Replaced.Contains(path))
            {
                to.Sink.CreateSymbolicLink(path, target, modified);
            }
        }

        public void CreateHardLink(string existing, string path)
        {
            if (results.Replaced.Contains(path))
            {
                return;
            }
            if (results.Replaced.Contains(existing))
            {
                // Its first name has another content now, and this one is a file of its own.
                results.WriteFile(path, to.Sink, to.Target);
                return;
            }
            to.Sink.CreateHardLink(existing, path);
        }
    }

    // Read by the linker, which compares it with the package's lists all the same.
    private sealed class UnwantedFile : IInstallFile
    {
        public void Write(ReadOnlySpan<byte> bytes) { }

        public void Complete() { }

        public void Dispose() { }
    }
}
