using Packhorse.Model;
using Packhorse.TestChannel;

namespace Packhorse.Tests.BadInput;

/// <summary>What looks dangerous but is in real packages too: it works, is told where it matters, and does no harm.</summary>
public sealed class ContainedPackageTests : IDisposable
{
    private readonly Sandbox _sandbox = new();

    public void Dispose() => _sandbox.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Links_out_of_the_prefix_are_told_and_never_written_through(bool fromPipe)
    {
        string outside = _sandbox.Outside("outside");
        Directory.CreateDirectory(outside);
        CliResult result = _sandbox.Unpacks(
            _sandbox.Pack(
                new PackageBuilder("link").AddSymlink("lib", outside).AddSymlink("up", "../../outside"),
                new PackageBuilder("zfile").AddFile("lib/evil", "x").AddFile("up/evil", "x"),
                new PackageBuilder("afile").DependsOn("link").AddFile("lib/good", "x")
            ),
            fromPipe
        );
        Assert.Empty(Directory.EnumerateFileSystemEntries(outside));
        Assert.Contains("2 link(s) lead out of the environment", result.Error, StringComparison.Ordinal);
        Assert.Equal(3, Count("evil") + Count("good"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_link_that_the_list_does_not_name_is_left_out(bool fromPipe)
    {
        string outside = _sandbox.Outside("outside");
        Directory.CreateDirectory(outside);
        PackageBuilder package = Small
            .Tool()
            .AddMember(new TarMember("share", TarMember.SymbolicLink) { LinkName = outside })
            .AddMember(new TarMember("dev/null", TarMember.CharacterDevice));
        _sandbox.Unpacks(_sandbox.Pack(package), fromPipe);
        Assert.Empty(Directory.EnumerateFileSystemEntries(outside));
        Assert.Null(new DirectoryInfo(_sandbox["env/share"]).LinkTarget);
        Assert.False(Path.Exists(_sandbox["env/dev"]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Names_that_unpacking_uses_itself_are_not_lost(bool fromPipe)
    {
        string[] names =
        [
            ".packhorse-part/a",
            ".packhorse-incoming/1/b",
            "conda-meta/history",
            "conda-meta/tool-1.0-h0_0.json",
            "conda-meta/packhorse-update",
            "conda-meta/packhorse",
        ];
        PackageBuilder package = Small.Tool();
        Array.ForEach(names, name => package.AddFile(name, "mine"));
        byte[] pack = _sandbox.Pack(package);
        foreach (int _ in (int[])[1, 2])
        {
            _sandbox.Unpacks(pack, fromPipe);
            Assert.All(
                names,
                name => Assert.Equal("mine", File.ReadAllText(_sandbox[$"env/__clobbers__/tool/{name}"]))
            );
            Assert.NotEqual("mine", File.ReadAllText(_sandbox["env/conda-meta/history"]));
            Assert.False(Path.Exists(_sandbox["env/.packhorse-part"]));
            // The second time into what is there.
            File.Delete(_sandbox["env/conda-meta/packhorse"]);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Cyclic_dependencies_work(bool fromPipe)
    {
        _sandbox.Unpacks(
            _sandbox.Pack(
                Small.Tool("a").DependsOn("b"),
                Small.Tool("b").DependsOn("c"),
                Small.Tool("c").DependsOn("a", "c")
            ),
            fromPipe
        );
        Assert.All((string[])["a", "b", "c"], name => Assert.True(File.Exists(_sandbox[$"env/bin/{name}"])));
    }

    [Theory]
    [InlineData(700, 700, 1)]
    [InlineData(Limits.Packages, 50, 1)]
    [InlineData(Limits.Packages, 20, 7919)]
    public void Many_cycles_end_soon(int packages, int dependencies, int step)
    {
        // Each depends on the next ones, around the end.
        PackageRecord[] records =
        [
            .. Enumerable
                .Range(0, packages)
                .Select(i => new PackageRecord
                {
                    Name = $"p{i}",
                    Version = "1",
                    Build = "0",
                    Subdir = "noarch",
                    Depends = [.. Enumerable.Range(1, dependencies).Select(j => $"p{(i + (j * step)) % packages}")],
                }),
        ];
        long start = TimeProvider.System.GetTimestamp();
        IReadOnlyList<int> order = Packhorse.Install.TopologicalOrder.Sort(records);
        Assert.Equal(Enumerable.Range(0, packages), order.Order());
        Assert.True(TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(30));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_package_of_all_odd_names_arrives_as_it_is(bool fromPipe)
    {
        string[] names =
        [
            "with blank",
            "quo'te \"s\"",
            "line\nbreak",
            "-dash",
            "ünïcode/ß",
            "back\\slash",
            new string('n', 255),
            string.Join('/', Enumerable.Repeat("deep", 300)),
        ];
        PackageBuilder package = new("odd");
        Array.ForEach(names, name => package.AddFile(name, name));
        _sandbox.Unpacks(_sandbox.Pack(package), fromPipe);
        Assert.All(names, name => Assert.Equal(name, File.ReadAllText(Path.Combine(_sandbox.Environment, name))));
    }

    [Fact]
    public void Packages_too_large_for_memory_are_as_safe()
    {
        FileContent large = LargeContent.OfBytes(Limits.StreamedPackageBytes + (1 << 20));
        PackageBuilder good = Small.Tool().AddFile("lib/large", large);
        byte[] pack = _sandbox.Pack(good);
        _sandbox.Unpacks(pack, fromPipe: true);
        Assert.StartsWith($"#!{_sandbox.Environment}/bin/sh", File.ReadAllText(_sandbox["env/bin/tool"]));

        using var other = new Sandbox();
        PackageBuilder evil = HostilePackageTests.BelowItsOwnLink().AddFile("large", large);
        other.RefusesPack("PH0407", other.Pack(evil), "tool");
        using var third = new Sandbox();
        PackageBuilder lying = Small
            .Tool()
            .AddFile("large", large)
            .EditPath("share/tool/data", path => path["size_in_bytes"] = 1);
        third.RefusesPack("PH0407", third.Pack(lying), "share/tool/data");
    }

    private int Count(string name) =>
        Directory.EnumerateFiles(_sandbox.Environment, name, SearchOption.AllDirectories).Count();
}
