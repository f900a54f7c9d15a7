using System.Collections.Concurrent;
using System.Runtime.Versioning;
using Packhorse.Codecs;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Pack;

/// <summary>
/// Makes an environment of a pack that arrives through a pipe, its members in any order. Packages of up to
/// <see cref="Limits.StreamedPackageBytes"/> are held compressed in memory and staged by the workers, larger ones are staged as they
/// come. When the stream has ended everything is checked and planned, and the staged files are renamed to their places.
/// </summary>
[SupportedOSPlatform("linux")]
public sealed class StreamUnpacker
{
    private const string Where = "standard input";

    private readonly UnpackRequest _request;
    private readonly IReporter _reporter;
    private readonly EnvironmentTransaction _transaction;
    private readonly CancellationToken _cancellation;
    private readonly PackageStager _stager;
    private readonly ConcurrentBag<StagedPackage> _staged = [];
    private readonly List<(string Path, string Subdir, byte[] Content)> _repodata = [];
    private readonly Dictionary<string, long> _seen = new(StringComparer.Ordinal);
    private readonly WheelSpool _wheels;
    private PackManifest? _manifest;

    private StreamUnpacker(
        UnpackRequest request,
        EnvironmentTransaction transaction,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        _cancellation = cancellation;
        _request = request;
        _transaction = transaction;
        _reporter = reporter;
        _wheels = new WheelSpool(transaction, reporter, cancellation);
        _stager = new PackageStager(
            transaction.Stage,
            new InstallTarget(request.Prefix, request.Here),
            reporter,
            cancellation
        );
    }

    /// <param name="stream">The tar; not owned.</param>
    /// <exception cref="PackhorseException">Whatever went wrong; the environment is then as it was before.</exception>
    public static UnpackResult Unpack(
        Stream stream,
        UnpackRequest request,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        request.Check();
        using var transaction = EnvironmentTransaction.Begin(request.Prefix, request.Wait, reporter, cancellation);
        // Damaged records are found before anything is read.
        _ = transaction.Installed;
        return new StreamUnpacker(request, transaction, reporter, cancellation).Run(stream);
    }

    private UnpackResult Run(Stream stream)
    {
        _reporter.BeginStage("Unpacking", 0, 0);
        using (var queue = new StagingQueue(_request.Workers, _staged.Add, _cancellation))
        {
            ReadMembers(new TarReader(stream, Where), queue);
            queue.Complete();
        }
        Drain(stream);
        IReadOnlyList<PackedPackage> packages = ReadLists();
        Dictionary<string, StagedPackage> byPath = _staged.ToDictionary(
            package => package.Path,
            StringComparer.Ordinal
        );
        StagedPackage?[] staged =
        [
            .. packages.Select(package => package.Record.IsWheel ? null : Check(package, byPath[package.Path])),
        ];
        InstallPlan plan = InstallPlan.Create(
            [
                .. packages.Zip(
                    staged,
                    (package, stage) =>
                        stage is null ? _wheels.Describe(package) : PackSupport.ToInstall(package, stage.Info)
                ),
            ],
            new InstallTarget(_request.Prefix, _manifest!.Platform)
        );
        plan.Warn(_reporter, scriptsRun: _request.LinkScripts is not null);
        PackSupport.WarnOfMachine(packages.Select(package => package.Record), _request.Machine, _reporter);
        PlannedPackage[] arrived = Arrange(plan, packages, staged);
        return Unpacker.Finish(_transaction, EnvironmentArrival.Of(plan, arrived), (_request, _reporter)) with
        {
            Unverified = packages.Count(package => !package.Expected.IsVerifiable),
        };
    }

    // Writers pad the end of a tar; whoever writes to the pipe should not find it closed before.
    private void Drain(Stream stream)
    {
        const int LongestPadding = 1 << 20;
        var sink = new byte[64 << 10];
        int total = 0;
        int count;
        while (total < LongestPadding && (count = stream.Read(sink)) > 0)
        {
            total += count;
            _cancellation.ThrowIfCancellationRequested();
        }
    }

    private void ReadMembers(TarReader tar, StagingQueue queue)
    {
        while (PackIndex.MoveNext(tar, Where))
        {
            _cancellation.ThrowIfCancellationRequested();
            string name = PackIndex.MemberName(tar.Current, Where);
            if (tar.Current.Type != TarEntryType.File)
            {
                continue;
            }
            if (!_seen.TryAdd(name, tar.Current.Size))
            {
                throw new CorruptDataException(ErrorCodes.BadPack, $"{Where} holds {EntryPath.Quote(name)} twice");
            }
            ReadMember(name, tar, queue);
        }
        PackIndex.CheckEnd(tar, Where);
    }

    private void ReadMember(string name, TarReader tar, StagingQueue queue)
    {
        if (name == PackManifest.Path)
        {
            _manifest = PackManifest.Parse(tar.ReadAllBytes(Limits.JsonBytes), Where);
            _manifest.CheckPlatform(_request.Here);
            if (_manifest.Delta is not null)
            {
                throw PackDelta.FromPipe(Where);
            }
        }
        else if (PackLayout.IsWheel(name))
        {
            using Stream content = tar.OpenContent();
            _wheels.Take(name, content, _seen.Count);
            _reporter.ItemDone(name);
        }
        else if (PackLayout.TrySplitChannelPath(name, out string? subdir, out string? fileName))
        {
            if (fileName == PackLayout.RepodataName)
            {
                _repodata.Add((name, subdir, tar.ReadAllBytes(Limits.JsonBytes)));
            }
            else if (PackageFileName.TryGetKind(fileName, out PackageArchiveKind kind))
            {
                // Our own packs name a SHA-256 of every package before the first one comes.
                bool withMd5 = _manifest?.Members is null;
                ReadPackage(new IncomingPackage(name, fileName, kind, _seen.Count, withMd5), tar, queue);
            }
        }
    }

    private void ReadPackage(IncomingPackage package, TarReader tar, StagingQueue queue)
    {
        if (tar.Current.Size > Limits.StreamedPackageBytes)
        {
            using Stream content = tar.OpenContent();
            _staged.Add(_stager.StageAsItComes(package, content));
            _reporter.ItemDone(package.FileName);
            return;
        }
        queue.Reserve(tar.Current.Size);
        var buffer = new AnonymousMemory((int)tar.Current.Size);
        try
        {
            int done = 0;
            while (done < buffer.Length)
            {
                done += tar.Read(buffer.Span[done..]);
                _cancellation.ThrowIfCancellationRequested();
            }
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
        queue.Add(
            buffer,
            () =>
            {
                StagedPackage staged = Stage(package, buffer);
                _reporter.ItemDone(package.FileName);
                return staged;
            }
        );
    }

    private StagedPackage Stage(IncomingPackage package, AnonymousMemory buffer)
    {
        try
        {
            return _stager.StageFromMemory(package, buffer);
        }
        // What a damaged package says of itself may be anything; that it is damaged is what matters.
        catch (PackhorseException)
            when (_manifest?.Members?.FirstOrDefault(member => member.Path == package.Path) is { } expected)
        {
            using Stream content = buffer.AsStream();
            using var hashing = new HashingStream(
                content,
                new ExpectedContent(expected.Size, expected.Sha256, Md5: null)
            );
            hashing.Verify($"{Where}: {package.Path}");
            throw;
        }
    }

    private IReadOnlyList<PackedPackage> ReadLists()
    {
        if (_manifest is null)
        {
            throw PackContents.NoManifest(Where);
        }
        var lists = new PackLists(_manifest.Members, Where);
        foreach ((string path, string subdir, byte[] content) in _repodata)
        {
            lists.AddRepodata(path, subdir, content);
        }
        lists.CheckComplete(_seen);
        return lists.Packages();
    }

    private static StagedPackage Check(PackedPackage package, StagedPackage staged)
    {
        staged.Content.Check(package.Expected, $"{Where}: {package.Path}");
        return staged;
    }

    // Renames what was staged to the places of the plan, and links wheels there.
    private PlannedPackage[] Arrange(InstallPlan plan, IReadOnlyList<PackedPackage> packages, StagedPackage?[] staged)
    {
        LinuxDirectory stage = _transaction.Stage;
        var sink = new DirectorySink(stage);
        var arriving = new List<PlannedPackage>();
        var wheels = new Dictionary<PlannedPackage, PackedPackage>(ReferenceEqualityComparer.Instance);
        var others = new Dictionary<PlannedPackage, StagedPackage>(ReferenceEqualityComparer.Instance);
        for (int i = 0; i < packages.Count; i++)
        {
            PlannedPackage package = plan.Packages[i];
            if (_transaction.IsInstalled(package, plan))
            {
                continue;
            }
            arriving.Add(package);
            if (staged[i] is { } from)
            {
                others.Add(package, from);
            }
            else
            {
                wheels.Add(package, packages[i]);
            }
        }
        sink.CreateDirectories(plan.DirectoriesOf(arriving));
        foreach (PlannedPackage package in arriving.Where(others.ContainsKey))
        {
            LinkedPackage linked = Arrange(package, others[package], sink);
            linked.WarnOfLinks(_reporter);
            _transaction.AddRecord(linked);
        }
        Workers.Run(
            [.. arriving.Where(wheels.ContainsKey)],
            _request.Workers,
            (package, _) => _transaction.AddRecord(_wheels.Link(wheels[package], (package, plan.Target, sink))),
            _cancellation
        );
        FileTree.DeleteDirectory(Path.Combine(_transaction.StagePath, StageNames.Incoming));
        return [.. arriving];
    }

    private LinkedPackage Arrange(PlannedPackage plan, StagedPackage staged, DirectorySink sink)
    {
        var paths = new List<LinkedPath>(plan.Paths.Count + plan.EntryPoints.Count);
        foreach (PlannedPath path in plan.Paths)
        {
            _transaction.Stage.Rename($"{staged.Directory}/{path.Source.Path}", path.Target);
            LinkedPath? special = staged.Special.GetValueOrDefault(path.Source.Path);
            paths.Add(
                new LinkedPath
                {
                    Target = path.Target,
                    ClobberedPath = path.ClobberedPath,
                    Kind = special?.Kind ?? LinkedPathKind.File,
                    Source = path.Source,
                    Sha256InPrefix = special?.Sha256InPrefix,
                    LinkText = special?.LinkText,
                    Size = path.Source.Size,
                }
            );
        }
        paths.AddRange(EntryPointWriter.Write(plan, sink));
        return new LinkedPackage(plan, paths);
    }
}

/// <summary>A package about to be read from the stream.</summary>
/// <param name="Path">In the pack.</param>
/// <param name="Ordinal">A number of its own among the members.</param>
/// <param name="WithMd5">An MD5 may be needed to verify it.</param>
internal sealed record IncomingPackage(
    string Path,
    string FileName,
    PackageArchiveKind Kind,
    int Ordinal,
    bool WithMd5
);
