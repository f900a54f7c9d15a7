using System.Runtime.Versioning;
using Packhorse.Conda;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Pack;
using Packhorse.TestChannel;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Pack;

/// <summary>Unpacking that was stopped in the middle, and several at once.</summary>
[SupportedOSPlatform("linux")]
public sealed class InterruptedUnpackTests : IDisposable
{
    private readonly Worksite _site = new();

    private static PackageBuilder[] First =>
        [
            new PackageBuilder("a", "1").AddFile("share/a/only-in-1", "1").AddFile("share/a/both", "1"),
            new PackageBuilder("gone").AddFile("lib/gone/x.py", "gone").AddFile("lib/gone/y.py", "gone"),
            new PackageBuilder("stable").AddFile("share/stable", "stable"),
        ];

    private static PackageBuilder[] Second =>
        [
            new PackageBuilder("a", "2").AddFile("share/a/both", "2").AddFile("share/a/only-in-2", "2"),
            new PackageBuilder("new").AddFile("lib/new/u", "new").AddFile("lib/new/v", "new"),
            new PackageBuilder("stable").AddFile("share/stable", "stable"),
        ];

    public static TheoryData<string> Files => ["share/a/both", "share/a/only-in-2", "lib/new/u", "lib/new/v"];

    [Theory]
    [MemberData(nameof(Files))]
    public void The_same_pack_repairs_what_an_interrupted_update_left(string missing)
    {
        string second = _site.Pack(Second);
        _site.Unpack(_site.Pack(First)).Successful();
        Interrupt(second, missing);
        _site.UnpackAsFresh(second);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void The_pack_of_before_takes_an_interrupted_update_back(string missing)
    {
        string first = _site.Pack(First);
        _site.Unpack(first).Successful();
        Interrupt(_site.Pack(Second), missing);
        _site.UnpackAsFresh(first);
    }

    [Fact]
    public void A_third_pack_leaves_nothing_of_an_interrupted_update()
    {
        _site.Unpack(_site.Pack(First)).Successful();
        Interrupt(_site.Pack(Second), "lib/new/v");
        _site.UnpackAsFresh(_site.Pack(new PackageBuilder("third").AddFile("lib/new/w", "3")));
    }

    [Fact]
    public void An_interrupted_update_counts_as_nothing_installed()
    {
        _site.Unpack(_site.Pack(First)).Successful();
        Interrupt(_site.Pack(Second), "lib/new/v");
        Assert.True(File.Exists(_site["conda-meta/packhorse-update"]));
        Assert.Null(InstalledEnvironment.Read(_site.Prefix).Marker);
        CommandRun run = _site.Unpack(_site.Pack(Second)).Successful();
        Assert.DoesNotContain("there already", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Stages_that_a_killed_process_left_are_removed()
    {
        string beside = Path.Combine(_site.OutputDirectory, ".env.packhorse-part");
        Directory.CreateDirectory($"{beside}/conda-meta");
        File.WriteAllText($"{beside}/left", "over");
        File.WriteAllText(Path.Combine(_site.OutputDirectory, ".env.packhorse-lock"), "");
        _site.UnpackAsFresh(_site.Pack(First));
        _site.Write(".packhorse-part/left", "over");
        _site.UnpackAsFresh(_site.Pack(Second));
    }

    [Fact]
    public void No_wait_fails_at_once_while_another_process_unpacks()
    {
        string pack = _site.Pack(First);
        Directory.CreateDirectory(_site.OutputDirectory);
        string lockPath = Path.Combine(_site.OutputDirectory, ".env.packhorse-lock");
        using (DirectoryLock.Take(lockPath, wait: false, () => { }, CancellationToken.None))
        {
            CommandRun run = _site.Unpack(pack, "--no-wait").Failed((int)ExitClass.Transient);
            Assert.Contains("in use by another process", run.Error, StringComparison.Ordinal);
            Assert.False(Path.Exists(_site.Prefix));
            Assert.True(File.Exists(lockPath));
        }
        Assert.False(File.Exists(lockPath));
        _site.Unpack(pack, "--no-wait").Successful();
        _site.AssertNothingElseIsThere();
    }

    [Fact]
    public async Task The_second_of_two_unpacks_waits_and_says_so()
    {
        string pack = _site.Pack(First);
        Directory.CreateDirectory(_site.OutputDirectory);
        string lockPath = Path.Combine(_site.OutputDirectory, ".env.packhorse-lock");
        Task<CommandRun> second;
        using (DirectoryLock.Take(lockPath, wait: false, () => { }, CancellationToken.None))
        {
            second = Task.Run(() => _site.Unpack(pack), TestContext.Current.CancellationToken);
            await Task.WhenAny(second, Task.Delay(500, TestContext.Current.CancellationToken));
            Assert.False(second.IsCompleted);
        }
        CommandRun run = (await second).Successful();
        Assert.Contains("waiting for another process", run.Error, StringComparison.Ordinal);
        _site.AssertNothingElseIsThere();
    }

    [Fact]
    public async Task Many_unpacks_at_once_give_one_environment()
    {
        string pack = _site.Pack(First);
        IReadOnlyList<string> fresh = _site.Fresh(pack);
        Task<CommandRun>[] runs =
        [
            .. Enumerable
                .Range(0, 4)
                .Select(_ => Task.Run(() => _site.Unpack(pack), TestContext.Current.CancellationToken)),
        ];
        Assert.All(await Task.WhenAll(runs), run => run.Successful());
        TreeListing.AssertSame(fresh, TreeListing.Of(_site.Prefix));
        _site.AssertNothingElseIsThere();
    }

    public void Dispose() => _site.Dispose();

    // A file vanishes from the stage, so that the update stops where it is to be renamed to its place.
    private void Interrupt(string pack, string missing)
    {
        using PackContents contents = PackContents.Open(pack);
        var request = new UnpackRequest { OutputDirectory = _site.OutputDirectory, Here = Platform.Linux64 };
        InstallPlan plan = Unpacker.Plan(contents, request, SilentReporter.Instance, CancellationToken.None);
        using var transaction = EnvironmentTransaction.Begin(
            _site.Prefix,
            wait: false,
            SilentReporter.Instance,
            CancellationToken.None
        );
        var sink = new DirectorySink(transaction.Stage);
        sink.CreateDirectories(plan.Directories);
        var arrived = new List<PlannedPackage>();
        foreach ((PlannedPackage package, PackedPackage packed) in plan.Packages.Zip(contents.Packages))
        {
            if (!transaction.IsInstalled(package, plan))
            {
                using Stream content = contents.Member(packed.Path).AsStream();
                using var reader = new CondaPackageReader(content, packed.Kind, packed.FileName);
                using var linker = new PackageLinker(package, plan.Target, sink);
                transaction.AddRecord(linker.Link(reader, CancellationToken.None));
                arrived.Add(package);
            }
        }
        Assert.Equal(2, arrived.Count);
        File.Delete(Path.Combine(transaction.StagePath, missing));
        Assert.Throws<NotFoundException>(() => transaction.Commit(EnvironmentArrival.Of(plan, arrived)));
    }
}
