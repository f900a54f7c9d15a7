using System.Runtime.Versioning;
using Packhorse.Fetch;
using Packhorse.Model;
using Packhorse.TestChannel;
using Packhorse.Tests.BadInput;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Fetch;

[SupportedOSPlatform("linux")]
public sealed class PackageCacheTests : IAsyncLifetime
{
    private static readonly byte[] Body = FetchBench.RandomBytes(300_000);
    private static readonly Digest Sha256 = FetchBench.Expect(Body).Sha256!.Value;

    private readonly ScratchDirectory _scratch = new();
    private readonly FetchBench _bench = new();
    private IReadOnlyList<FetchIncident> _incidents = [];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _bench.DisposeAsync();
        _scratch.Dispose();
    }

    private string Directory => _scratch["cache"];

    private string EntryPath => CacheDirectory.PathOf(Directory, Sha256);

    [Fact]
    public async Task What_was_brought_once_is_not_asked_for_again()
    {
        FlakyResource resource = _bench.Server.Serve("file.conda", Body);
        await FetchAsync();
        DateTime written = File.GetLastWriteTimeUtc(EntryPath);
        await FetchAsync();
        Assert.Single(resource.Requests);
        Assert.Equal(Body, File.ReadAllBytes(EntryPath));
        Assert.Equal(written, File.GetLastWriteTimeUtc(EntryPath));
        Assert.StartsWith(
            "Signature: 8a477f597d28d172789f06886806bc55\n",
            File.ReadAllText(_scratch["cache/CACHEDIR.TAG"])
        );
        Assert.Empty(System.IO.Directory.EnumerateFiles(_scratch["cache/unfinished"]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    [InlineData(300_000)]
    [InlineData(300_001)]
    public async Task A_damaged_entry_is_told_and_replaced(int length)
    {
        _bench.Server.Serve("file.conda", Body);
        await FetchAsync();
        byte[] damaged = [.. Body, 0];
        damaged[500] ^= 1;
        File.WriteAllBytes(EntryPath, damaged[..length]);
        PackageCache cache = Cache();
        await FetchAsync(cache);
        Assert.Equal(Body, File.ReadAllBytes(EntryPath));
        Assert.Equal(1, cache.Damaged);
        Assert.Contains(_bench.Reporter.Messages, message => message.Contains("copy of 'file.conda' is damaged"));
        Assert.Empty(_incidents);
    }

    [Fact]
    public async Task What_came_in_pieces_is_kept_whole()
    {
        _bench.Server.Serve(
            "file.conda",
            Body,
            new FlakyAnswer { CutAfter = 100_000 },
            new FlakyAnswer { CutAfter = 50_000 }
        );
        await FetchAsync();
        Assert.Equal(Body, File.ReadAllBytes(EntryPath));
    }

    [Fact]
    public async Task Wrong_bytes_are_not_kept()
    {
        _bench.Server.Serve("file.conda", FetchBench.RandomBytes(300_000, seed: 2));
        await Assert.ThrowsAsync<CorruptDataException>(() => FetchAsync());
        Assert.False(File.Exists(EntryPath));
        Assert.Empty(System.IO.Directory.EnumerateFiles(_scratch["cache/unfinished"]));
    }

    [Fact]
    public async Task Many_writers_at_once_make_one_whole_entry()
    {
        _bench.Server.Serve("file.conda", Body);
        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => FetchAsync()));
        Assert.Equal(Body, File.ReadAllBytes(EntryPath));
        Assert.Empty(System.IO.Directory.EnumerateFiles(_scratch["cache/unfinished"]));
        Assert.DoesNotContain(_bench.Reporter.Messages, message => message.Contains("cache", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("channel/file.conda")]
    [InlineData("pypi/file.conda")]
    public async Task What_pixi_pack_has_cached_is_used(string path)
    {
        FlakyResource resource = _bench.Server.Serve("file.conda", Body);
        _scratch.Write($"cache/{path}", Body);
        await FetchAsync();
        Assert.Empty(resource.Requests);
        Assert.Equal(Body, File.ReadAllBytes(EntryPath));
    }

    [Fact]
    public async Task Archives_of_conda_are_used_when_they_are_the_same()
    {
        FlakyResource resource = _bench.Server.Serve("file.conda", Body);
        _scratch.Write("wrong/file.conda", "another build of the same name"u8);
        _scratch.Write("right/file.conda", Body);
        var cache = new PackageCache(null, [_scratch["wrong"], _scratch["right"]], () => 0.5, _bench.Reporter);
        await FetchAsync(cache);
        Assert.Empty(resource.Requests);
        Assert.Equal(0, cache.Damaged);
        Assert.True(File.Exists(_scratch["wrong/file.conda"]));
    }

    [Fact]
    public async Task A_directory_that_cannot_be_made_is_told_once_and_done_without()
    {
        _scratch.Write("cache", []);
        _bench.Server.Serve("file.conda", Body);
        PackageCache cache = Cache();
        await FetchAsync(cache);
        await FetchAsync(cache);
        Assert.Single(
            _bench.Reporter.Messages,
            message => message.Contains("the cache is not written to", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void A_full_disk_does_not_stop_packing()
    {
        Assert.SkipUnless(
            Environment.UserName == "root",
            "this test becomes other users: it mounts a small file system"
        );
        string project = MakeProject(FetchBench.RandomBytes(3 << 20));
        using PackhorseProcess process = PackhorseProcess.Shell(
            $"mkdir '{Directory}' && exec unshare -m sh -c 'mount -t tmpfs -o size=1m none \"$0\" && exec \"$@\"' '{Directory}' \"$@\"",
            ["pack", project, "-p", "linux-64", "-o", _scratch["e.tar"], "--use-cache", Directory]
        );
        (int exitCode, string error) = process.Wait();
        Assert.True(exitCode == 0, error);
        Assert.Contains("warning: the cache is not written to any more", error);
        Assert.Equal(0, Cli.Run("verify", _scratch["e.tar"]).ExitCode);
    }

    [Fact]
    public void A_directory_that_may_not_be_written_to_is_read()
    {
        Assert.SkipUnless(Environment.UserName == "root", "this test becomes other users");
        string project = MakeProject(Body);
        string[] asked = ["pack", project, "-p", "linux-64", "--use-cache", Directory];
        Assert.Equal(0, Cli.Run([.. asked, "-o", _scratch["e.tar"]]).ExitCode);
        System.IO.Directory.CreateDirectory(_scratch["out"]);
        File.SetUnixFileMode(_scratch.Root, (UnixFileMode)0b111_101_101);
        File.SetUnixFileMode(_scratch["out"], (UnixFileMode)0b111_111_111);
        using PackhorseProcess process = PackhorseProcess.Shell(
            "exec setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=/nonexistent \"$@\"",
            [.. asked, "-o", _scratch["out/e.tar"]]
        );
        (int exitCode, string error) = process.Wait();
        Assert.True(exitCode == 0, error);
        Assert.Equal(File.ReadAllBytes(_scratch["e.tar"]), File.ReadAllBytes(_scratch["out/e.tar"]));
    }

    [Fact]
    public void Two_packs_that_fill_one_cache_are_equal_and_leave_nothing_unfinished()
    {
        string project = MakeProject(Body);
        CliResult[] runs =
        [
            .. Enumerable
                .Range(0, 2)
                .AsParallel()
                .Select(index =>
                    Cli.Run("pack", project, "-p", "linux-64", "--use-cache", Directory, "-o", _scratch[$"{index}.tar"])
                ),
        ];
        Assert.All(runs, run => Assert.True(run.ExitCode == 0, run.Error));
        Assert.Equal(File.ReadAllBytes(_scratch["0.tar"]), File.ReadAllBytes(_scratch["1.tar"]));
        Assert.Empty(CacheDirectory.Read(Directory).Unfinished);
        Assert.Equal(2, CacheDirectory.Read(Directory).Entries.Count);
    }

    [Fact]
    public void The_command_says_what_is_in_a_cache_and_removes_it()
    {
        string project = MakeProject(Body);
        Cli.Run("pack", project, "-p", "linux-64", "--use-cache", Directory, "-o", _scratch["e.tar"]);
        string kept = _scratch.Write("cache/linux-64/of-somebody-else.conda", "x"u8);
        Assert.Contains("\"files\":2", Cli.Run("cache", "info", Directory, "--json").Text.Replace(" ", ""));
        Assert.Contains("has lost 0 files", Cli.Run("cache", "clean", Directory, "--older-than", "1").Text);
        Assert.Contains("would lose 2 files", Cli.Run("cache", "clean", Directory, "--dry-run").Text);
        Assert.Contains("has lost 2 files", Cli.Run("cache", "clean", Directory).Text);
        Assert.Contains("has 0 files", Cli.Run("cache", "info", Directory).Text);
        Assert.True(File.Exists(kept));
        CliResult refused = Cli.Run("cache", "clean", _scratch["project"]);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("is not a cache of packhorse's", refused.Error);
    }

    [Fact]
    public void The_command_tells_what_is_in_a_cache_of_somebody_elses_and_cannot_remove_it()
    {
        Assert.SkipUnless(Environment.UserName == "root", "this test becomes other users");
        string project = MakeProject(Body);
        Cli.Run("pack", project, "-p", "linux-64", "--use-cache", Directory, "-o", _scratch["e.tar"]);
        File.SetUnixFileMode(_scratch.Root, (UnixFileMode)0b111_101_101);

        (int infoCode, string info) = AsOther("info");
        (int cleanCode, string clean) = AsOther("clean");

        Assert.True(infoCode == 0, info);
        Assert.Equal(6, cleanCode);
        Assert.Contains("cannot remove", clean, StringComparison.Ordinal);
        Assert.Contains("[PH0602]", clean, StringComparison.Ordinal);
        Assert.Equal(2, CacheDirectory.Read(Directory).Entries.Count);
    }

    private (int ExitCode, string Error) AsOther(string action)
    {
        using PackhorseProcess process = PackhorseProcess.Shell(
            "exec setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=/nonexistent \"$@\"",
            ["cache", action, Directory]
        );
        return process.Wait();
    }

    // Two packages, by http: those of a local channel are not cached.
    private string MakeProject(byte[] content)
    {
        var channel = new ChannelDirectory(_scratch["channel"]);
        channel.Add(new PackageBuilder("tool").AddFile("share/tool", content));
        channel.Add(new PackageBuilder("other").AddFile("share/other", "x"));
        foreach (BuiltPackage package in channel.Packages)
        {
            _bench.Server.Serve(package.FileName, File.ReadAllBytes(channel.PathOf(package)));
        }
        channel.WriteLock(_scratch["project"], $"http://{_bench.Server.Authority}/channel/");
        return _scratch["project"];
    }

    private PackageCache Cache() => new(Directory, [], Random.Shared.NextDouble, _bench.Reporter);

    private async Task FetchAsync(PackageCache? cache = null)
    {
        var target = new MemoryTarget();
        await using var fetcher = new Fetcher(_bench.Options, _bench.Mirrors, _bench.Reporter, cache ?? Cache());
        var request = new FetchRequest
        {
            Url = _bench.Server.Url("file.conda"),
            Name = "file.conda",
            Expected = FetchBench.Expect(Body),
        };
        try
        {
            await fetcher.FetchAsync(request, target, TestContext.Current.CancellationToken);
        }
        finally
        {
            _incidents = fetcher.Report.Incidents;
        }
        Assert.Equal(Body, target.Bytes);
    }
}
