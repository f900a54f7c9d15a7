using Packhorse.Model;
using Packhorse.Packing;
using Packhorse.TestChannel;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Wheels;

/// <summary>Packages that a user adds to those of the lock file.</summary>
public sealed class InjectTests : IDisposable
{
    private readonly WheelSite _site = new();

    [Theory]
    [InlineData(PackageArchiveKind.Conda)]
    [InlineData(PackageArchiveKind.TarBz2)]
    public void A_conda_package_is_packed_and_installed_with_what_it_says_of_itself(PackageArchiveKind kind)
    {
        string file = Write(
            new PackageBuilder("extra", "2.0", "h1_7").DependsOn(
                "python >=3.11",
                "noarch-tool 3.1 *_0",
                "__glibc >=2.17"
            ),
            kind
        );
        string pack = _site.Pack("environment.tar", "--inject", file);
        _site.Unpack(pack).Successful();
        string record = File.ReadAllText($"{_site.Prefix}/conda-meta/extra-2.0-h1_7.json");
        string sha256 = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file)));
        Assert.Contains(sha256, record, StringComparison.Ordinal);
        Assert.Contains("\"build_number\": 7", record, StringComparison.Ordinal);
        Assert.DoesNotContain(_site["files"], record, StringComparison.Ordinal);
        CommandRun.Of("verify", pack).Successful();
    }

    [Fact]
    public void What_is_injected_stands_at_the_end_of_what_conda_is_told()
    {
        string conda = Write(new PackageBuilder("aardvark").NoArchGeneric());
        string wheel = new WheelBuilder("demo").AddFile("demo.py", "").WriteTo(_site["files"]);
        string pack = _site.Pack("directory", "--directory-only", "-i", conda, wheel);
        string yml = File.ReadAllText($"{pack}/environment.yml");
        Assert.EndsWith(
            "  - aardvark=1.0=h0_0\n  - pip:\n    - --no-index\n    - --find-links ./pypi\n    - demo==1.0\n",
            yml,
            StringComparison.Ordinal
        );
        Assert.Contains("aardvark", File.ReadAllText($"{pack}/channel/noarch/repodata.json"), StringComparison.Ordinal);
        _site.Unpack(pack).Successful();
        Assert.True(File.Exists($"{_site.SitePackages}/demo.py"));
    }

    [Fact]
    public void A_subdir_that_the_lock_has_nothing_of_is_made()
    {
        var channel = new ChannelDirectory(_site["linux only"]);
        channel.Add(SamplePackages.Python());
        _site.On(channel);
        string noarch = Write(new PackageBuilder("data").NoArchGeneric());
        _site.Unpack(_site.Pack("environment.tar", "--inject", noarch)).Successful();
        Assert.True(File.Exists($"{_site.Prefix}/conda-meta/data-1.0-h0_0.json"));
    }

    [Fact]
    public void Patterns_are_expanded_and_the_option_may_be_repeated()
    {
        new WheelBuilder("one").AddFile("one.py", "").WriteTo(_site["files"]);
        new WheelBuilder("two").AddFile("two.py", "").WriteTo(_site["files"]);
        string conda = Write(new PackageBuilder("three"));
        string pattern = $"{_site["files"]}/*.whl";
        _site.Unpack(_site.Pack("environment.tar", "--inject", pattern, "--inject", conda, "-i", pattern)).Successful();
        Assert.True(File.Exists($"{_site.SitePackages}/one.py"));
        Assert.True(File.Exists($"{_site.SitePackages}/two.py"));
        string none = $"{_site["files"]}/*.nothing";
        Assert.Contains(
            "named like",
            _site.TryPack("2.tar", "--inject", none).Failed(3).Error,
            StringComparison.Ordinal
        );
        string missing = $"{_site["files"]}/missing-1.0-py3-none-any.whl";
        _ = _site.TryPack("2.tar", "--inject", missing).Failed(3);
    }

    [Fact]
    public void What_is_no_package_is_refused()
    {
        _site.WriteLock();
        string manifest = $"{_site.Project}/pixi.lock";
        CommandRun run = _site.TryPack("environment.tar", "--inject", manifest).Failed(2);
        Assert.Contains(
            "neither a conda package (.conda, .tar.bz2) nor a wheel (.whl)",
            run.Error,
            StringComparison.Ordinal
        );
        Assert.Contains("hint: ", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fastapi >=0.112")]
    [InlineData("tool <1")]
    [InlineData("noarch-tool 3.1 *_1")]
    public void A_dependency_that_is_not_there_is_told_as_upstream_tells_it(string dependency)
    {
        string file = Write(new PackageBuilder("my-webserver-broken", "0.1.0", "pyh4616a5c_0").DependsOn(dependency));
        CommandRun run = _site.TryPack("environment.tar", "--inject", file).Failed(1);
        Assert.Contains(
            $"package 'my-webserver-broken=0.1.0=pyh4616a5c_0' has dependency '{dependency}', which is not in the environment",
            run.Error,
            StringComparison.Ordinal
        );
        Assert.False(File.Exists(_site["environment.tar"]));
    }

    [Fact]
    public void A_constraint_that_is_not_kept_is_told_as_upstream_tells_it()
    {
        string file = Write(new PackageBuilder("extra").Constrains("absent >=1", "tool <1", "python >=3.8"));
        CommandRun run = _site.TryPack("environment.tar", "--inject", file).Failed(1);
        Assert.Contains(
            "package 'extra=1.0=h0_0' has constraint 'tool <1', which is not satisfied by 'tool=1!2.0=h2_3' in the environment",
            run.Error,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("absent", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Upstreams_example_is_refused_in_its_words()
    {
        string broken = Fixtures.Require("pixi-pack-examples/webserver/my-webserver-broken-0.1.0-pyh4616a5c_0.conda");
        string project = Fixtures.Require("pixi-pack-examples/webserver");
        CommandRun run = CommandRun.Of("pack", "--dry-run", "-p", "linux-64", project, "--inject", broken).Failed(1);
        Assert.Contains(
            "package 'my-webserver-broken=0.1.0=pyh4616a5c_0' has dependency 'fastapi >=0.112', which is not in the environment",
            run.Error,
            StringComparison.Ordinal
        );
        foreach (
            string name in (string[])
                [
                    "my-webserver-0.1.0-pyh4616a5c_0.conda",
                    "my-webserver-0.1.0-pyh4616a5c_0.tar.bz2",
                    "my_webserver-0.1.0-py3-none-any.whl",
                ]
        )
        {
            string good = Fixtures.Require($"pixi-pack-examples/webserver/{name}");
            CommandRun planned = CommandRun.Of("pack", "--dry-run", "-p", "linux-64", project, "-i", good).Successful();
            Assert.Contains($"/{name}\n", planned.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Two_packages_of_one_name_are_refused()
    {
        string other = Write(new PackageBuilder("tool", "3.0"));
        Assert.Contains(
            "two packages have the name tool",
            _site.TryPack("1.tar", "-i", other).Failed(1).Error,
            StringComparison.Ordinal
        );
        _site.Add(new WheelBuilder("demo").AddFile("demo.py", ""));
        string wheel = new WheelBuilder("Demo", "2.0").AddFile("demo.py", "").WriteTo(_site["files"]);
        Assert.Contains(
            "two packages have the name demo",
            _site.TryPack("2.tar", "-i", wheel).Failed(1).Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_package_for_another_platform_is_refused()
    {
        string file = Write(new PackageBuilder("extra").Subdir("osx-64"));
        Assert.Contains(
            "is for 'osx-64'",
            _site.TryPack("1.tar", "-i", file).Failed(1).Error,
            StringComparison.Ordinal
        );
        string wheel = new WheelBuilder("demo", "1.0", "cp39-cp39-win_amd64")
            .AddFile("demo.py", "")
            .WriteTo(_site["files"]);
        Assert.Contains(
            "is for win_amd64",
            _site.TryPack("2.tar", "-i", wheel).Failed(1).Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Damaged_packages_are_refused()
    {
        string file = Path.Combine(_site["files"], "damaged-1.0-0.conda");
        Directory.CreateDirectory(_site["files"]);
        File.WriteAllText(file, "no package");
        _ = _site.TryPack("1.tar", "-i", file).Failed(4);
        string wheel = Path.Combine(_site["files"], "damaged-1.0-py3-none-any.whl");
        File.WriteAllText(wheel, "no wheel");
        _ = _site.TryPack("1.tar", "-i", wheel).Failed(4);
    }

    [Fact]
    public void Images_take_them_too()
    {
        string conda = Write(new PackageBuilder("extra", "2.0").AddFile("share/extra", "x"));
        string wheel = new WheelBuilder("demo").AddFile("demo.py", "").WriteTo(_site["files"]);
        string[] inject = ["--inject", conda, wheel];
        IReadOnlyList<string> expected = _site.Listing(_site.Pack("environment.tar", inject));
        string image = _site.Pack("environment.sqfs", ["--pyc", "off", "--prefix", "/media/p/0123456789ab", .. inject]);
        TreeListing.AssertSame(expected, _site.Listing(image));
    }

    // The real lock's packages fit each other, so that nothing of it stops an injection.
    [Fact]
    public void The_packages_of_real_locks_fit_each_other()
    {
        string path = Fixtures.Require("pixi-pack-examples/webserver/pixi.lock");
        var selection = Packhorse.Lock.LockFile.Parse(File.ReadAllBytes(path), path).Select("default", "linux-64");
        PackageRelations.Check([
            .. PackPlan.Create(selection, "/project").CondaMembers.Select(member => member.Record),
        ]);
    }

    public void Dispose() => _site.Dispose();

    private string Write(PackageBuilder builder, PackageArchiveKind kind = PackageArchiveKind.Conda)
    {
        var channel = new ChannelDirectory(_site["injected"]);
        return channel.PathOf(channel.Add(builder, kind));
    }
}
