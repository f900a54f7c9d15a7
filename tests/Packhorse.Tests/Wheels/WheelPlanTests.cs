using System.Formats.Tar;
using System.Text;
using System.Text.Json;
using Packhorse.Lock;
using Packhorse.Packing;
using Packhorse.TestChannel;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Wheels;

/// <summary>What of a lock file's Python packages goes into a pack, and what is refused.</summary>
public sealed class WheelPlanTests : IDisposable
{
    private readonly WheelSite _site = new();

    [Fact]
    public void The_lock_of_upstreams_example_is_planned()
    {
        string directory = Fixtures.Require("pixi-pack-examples/pypi-wheel-packages");
        CommandRun run = CommandRun.Of("pack", "--dry-run", "--json", "-p", "linux-64", directory).Successful();
        using JsonDocument plan = JsonDocument.Parse(run.Text);
        string[] wheels =
        [
            .. plan
                .RootElement.GetProperty("packages")
                .EnumerateArray()
                .Select(package => package.GetProperty("path").GetString()!)
                .Where(path => path.StartsWith("pypi/", StringComparison.Ordinal)),
        ];
        Assert.Equal(
            [
                "pypi/my_webserver-0.1.0-py3-none-any.whl",
                "pypi/numpy-1.26.4-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
                "pypi/ordered_enum-0.0.9-py3-none-any.whl",
            ],
            wheels
        );
    }

    // Whoever locked them chose each wheel for its environment: the tags must say the same here.
    [Theory]
    [InlineData("locks")]
    [InlineData("pixi-pack-examples")]
    public void Every_wheel_of_every_real_lock_fits_its_environment(string directory)
    {
        int wheels = 0;
        foreach (
            string path in Directory.EnumerateFiles(
                Fixtures.Require(directory),
                "pixi.lock",
                SearchOption.AllDirectories
            )
        )
        {
            var lockFile = LockFile.Parse(File.ReadAllBytes(path), path);
            foreach (LockedEnvironment environment in lockFile.Environments)
            {
                foreach (PlatformPackages packages in environment.Platforms)
                {
                    bool conda = packages.Packages.Any(package => package is LockedCondaPackage { Name: "python" });
                    if (!conda || packages.Packages.Any(package => package is LockedCondaSource))
                    {
                        continue;
                    }
                    var selection = new LockedSelection(environment, packages.Platform, packages.Packages);
                    var options = new PackPlanOptions { IgnoreOtherThanWheels = true };
                    wheels += PackPlan.Create(selection, "/project", options).Wheels.Count();
                }
            }
        }
        Assert.True(wheels > 10, $"only {wheels} wheels were looked at");
    }

    [Fact]
    public void What_is_no_wheel_is_named_with_what_to_do()
    {
        string directory = Fixtures.Require("pixi-pack-examples/pypi-non-wheel-packages");
        CommandRun run = CommandRun.Of("pack", "--dry-run", "-p", "osx-64", directory).Failed(2);
        Assert.Contains(
            "package pysdl2 is not a wheel file, we currently require all dependencies to be wheels.",
            run.Error,
            StringComparison.Ordinal
        );
        Assert.Contains("hint: ", run.Error, StringComparison.Ordinal);
        string all = CommandRun.Of("pack", "--dry-run", "-p", "linux-aarch64", directory).Failed(2).Error;
        Assert.Contains("package pyboy is not a wheel file", all, StringComparison.Ordinal);
        Assert.Contains("package pysdl2 is not a wheel file", all, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_wheel_is_left_out_when_asked_for()
    {
        string directory = Fixtures.Require("pixi-pack-examples/pypi-non-wheel-packages");
        CommandRun run = CommandRun
            .Of("pack", "--dry-run", "--ignore-pypi-non-wheel", "-p", "linux-64", directory)
            .Successful();
        Assert.Contains("pypi/pyboy-1.6.14", run.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("sdl2-0.9", run.Text, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void The_pack_says_to_pip_what_upstreams_does()
    {
        _site
            .Add(new WheelBuilder("zebra", "2.0").AddFile("zebra.py", ""), "./wheels/zebra-2.0-py3-none-any.whl")
            .Add(new WheelBuilder("Al_pha", "1.5").AddFile("alpha.py", ""), "./wheels/Al_pha-1.5-py3-none-any.whl");
        Dictionary<string, byte[]> members = ReadTar(_site.Pack("environment.tar", "--layout", "upstream"));
        string yml = Encoding.UTF8.GetString(members["environment.yml"]);
        const string Pip =
            "  - pip:\n    - --no-index\n    - --find-links ./pypi\n    - al-pha==1.5\n    - zebra==2.0\n";
        Assert.EndsWith(Pip, yml, StringComparison.Ordinal);
        Assert.Equal(
            ["pypi/Al_pha-1.5-py3-none-any.whl", "pypi/zebra-2.0-py3-none-any.whl"],
            members.Keys.Where(name => name.StartsWith("pypi/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
        );
        Assert.Equal("pypi", members.Keys.SkipWhile(name => name != "pixi-pack.json").Skip(1).First());
    }

    [Fact]
    public async Task A_direct_url_is_told_to_Python_without_its_credentials()
    {
        byte[] wheel = new WheelBuilder("demo").AddFile("demo.py", "").ToBytes();
        await using var server = new FlakyServer();
        server.Serve("demo-1.0-py3-none-any.whl", wheel);
        string url = server.Url("demo-1.0-py3-none-any.whl").Replace("//", "//user:secret@", StringComparison.Ordinal);
        Directory.CreateDirectory(_site["files"]);
        await File.WriteAllBytesAsync(
            _site["files/demo-1.0-py3-none-any.whl"],
            wheel,
            TestContext.Current.CancellationToken
        );
        _site.Add(_site["files/demo-1.0-py3-none-any.whl"], $"direct+{url}");
        string pack = await Task.Run(() => _site.Pack("environment.tar"), TestContext.Current.CancellationToken);
        await Task.Run(() => _site.Unpack(pack).Successful(), TestContext.Current.CancellationToken);
        string text = await File.ReadAllTextAsync(
            $"{_site.SitePackages}/demo-1.0.dist-info/direct_url.json",
            TestContext.Current.CancellationToken
        );
        using JsonDocument direct = JsonDocument.Parse(text);
        Assert.EndsWith(
            $"{server.Authority}/channel/demo-1.0-py3-none-any.whl",
            direct.RootElement.GetProperty("url").GetString(),
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
        string digest = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(wheel));
        Assert.Equal(
            digest,
            direct.RootElement.GetProperty("archive_info").GetProperty("hashes").GetProperty("sha256").GetString()
        );
    }

    [Fact]
    public void A_wheel_that_is_not_what_the_lock_says_is_refused()
    {
        _site.Add(new WheelBuilder("demo").AddFile("demo.py", ""));
        _site.WriteLock();
        new WheelBuilder("demo").AddFile("demo.py", "changed").WriteTo(_site["project/wheels"]);
        CommandRun run = CommandRun.Of("pack", "-q", "-o", _site["environment.tar"], _site.Project).Failed(4);
        Assert.Contains("demo-1.0-py3-none-any.whl", run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_site["environment.tar"]));
    }

    [Theory]
    [InlineData("cp310-cp310-linux_x86_64", "for cp310 (cp310), not for Python 3.11 on linux-64")]
    [InlineData("py2-none-any", "for py2 (none), not for Python 3.11 on linux-64")]
    [InlineData("py3-none-win_amd64", "for win_amd64, not for linux-64")]
    [InlineData("cp311-cp311-musllinux_1_2_x86_64", "for musllinux_1_2_x86_64, not for linux-64")]
    [InlineData("cp312-abi3-manylinux_2_17_x86_64", "for cp312 (abi3), not for Python 3.11")]
    [InlineData("cp311-cp311t-linux_x86_64", "for cp311 (cp311t), not for Python 3.11")]
    public void A_wheel_for_another_Python_or_platform_is_refused_when_packing(string tags, string sentence)
    {
        _site.Add(new WheelBuilder("demo", "1.0", tags).AddFile("demo.py", ""));
        CommandRun run = _site.TryPack("environment.tar").Failed(1);
        Assert.Contains($"demo-1.0-{tags}.whl is {sentence}", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Wheels_without_Python_are_refused()
    {
        var channel = new ChannelDirectory(_site["empty"]);
        channel.Add(new PackageBuilder("nothing").AddFile("nothing", ""));
        _site.On(channel).Add(new WheelBuilder("demo").AddFile("demo.py", ""));
        Assert.Contains(
            "no package named python",
            _site.TryPack("environment.tar").Failed(1).Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_wheel_whose_name_is_none_or_another_projects_is_refused()
    {
        string wheel = new WheelBuilder("demo").AddFile("demo.py", "").WriteTo(_site["files"]);
        File.Copy(wheel, _site["files/demo-1.0.whl"]);
        _site.Add(_site["files/demo-1.0.whl"]);
        Assert.Contains(
            "is no name of a wheel",
            _site.TryPack("environment.tar").Failed(4).Error,
            StringComparison.Ordinal
        );
        _site.WithoutWheels().Add(wheel, "./demo-1.0-py3-none-any.whl");
        string text = File.ReadAllText(_site.WriteLock())
            .Replace("name: demo", "name: other", StringComparison.Ordinal);
        File.WriteAllText($"{_site.Project}/pixi.lock", text);
        CommandRun run = CommandRun.Of("pack", "--dry-run", _site.Project).Failed(4);
        Assert.Contains("'demo-1.0-py3-none-any.whl' is 'other'", run.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _site.Dispose();

    private static Dictionary<string, byte[]> ReadTar(string path)
    {
        var members = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        using FileStream file = File.OpenRead(path);
        using var reader = new TarReader(file);
        while (reader.GetNextEntry(copyData: true) is { } entry)
        {
            using var content = new MemoryStream();
            entry.DataStream?.CopyTo(content);
            members.Add(entry.Name, content.ToArray());
        }
        return members;
    }
}
