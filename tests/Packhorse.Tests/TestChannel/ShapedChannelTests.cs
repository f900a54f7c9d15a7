using Packhorse.Model;
using Packhorse.TestChannel;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.TestChannel;

public sealed class ShapedChannelTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Packages_have_the_names_and_about_the_sizes_of_those_in_the_lock()
    {
        string lockFile = WriteLock(("libbig", 3_000_000), ("libsmall", 200_000), ("tiny", 900));

        Channel channel = Make(lockFile, "first");

        BuiltPackage big = channel.Packages.Single(package => package.Record.Name == "libbig");
        BuiltPackage small = channel.Packages.Single(package => package.Record.Name == "libsmall");
        Assert.InRange(big.Content.Length, 2_700_000, 3_300_000);
        Assert.InRange(small.Content.Length, 150_000, 260_000);
        Assert.Equal("libbig-1.0-h0_0.conda", big.FileName);
        Assert.Equal(["tiny"], big.Record.Depends);
        string text = File.ReadAllText(channel.LockFile);
        Assert.Contains("  shaped:\n", text, StringComparison.Ordinal);
        Assert.Contains($"  sha256: {big.Record.Sha256}\n", text, StringComparison.Ordinal);
        Assert.Equal(big.Content.Sha256, big.Record.Sha256);
    }

    [Fact]
    public void The_same_lock_gives_the_same_bytes_and_is_made_once()
    {
        string lockFile = WriteLock(("a", 50_000));

        Digest first = Make(lockFile, "first").Packages[0].Content.Sha256;
        Assert.Single(Directory.GetDirectories(_scratch["cache-first/channels"]));
        Assert.Equal(first, Make(lockFile, "second").Packages[0].Content.Sha256);

        string cached = Assert.Single(
            Directory.GetFiles(_scratch["cache-first"], "a-*.conda", SearchOption.AllDirectories)
        );
        File.WriteAllText(cached, "found");
        Make(lockFile, "first");
        Assert.Equal("found", File.ReadAllText(cached));
    }

    [Fact]
    public void An_environment_that_is_not_there_is_an_error()
    {
        string lockFile = WriteLock(("a", 50_000));
        ShapeOptions shape = new(lockFile) { Environment = "other" };
        ChannelOptions options = new() { Directory = _scratch["out"], CacheDirectory = _scratch["cache"] };

        Assert.Throws<InvalidDataException>(() => ShapedChannel.Make(shape, options));
    }

    [Fact]
    public void Real_locks_are_resembled_package_by_package()
    {
        string lockFile = Fixtures.Require("locks/UW-Madison-DSI+pixi-docker-chtc/examples/hello_pytorch/pixi.lock");
        ShapeOptions shape = new(lockFile) { Environment = "gpu", Scale = 0.0005 };

        Channel channel = ShapedChannel.Make(
            shape,
            new ChannelOptions { Directory = _scratch["out"], CacheDirectory = _scratch["cache"] }
        );

        Assert.Equal(119, channel.Packages.Count);
        Assert.Equal("3.13", channel.PythonVersion);
        Assert.Contains(channel.Packages, package => package.Kind == PackageArchiveKind.TarBz2);
    }

    private string WriteLock(params (string Name, long Size)[] packages)
    {
        LockBuilder builder = new LockBuilder("https://channel.example").In("shaped");
        foreach ((string name, long size) in packages)
        {
            BuiltPackage package = new PackageBuilder(name).DependsOn(name == "tiny" ? [] : ["tiny"]).Pack();
            builder.Add(package with { Record = package.Record with { Size = size } });
        }
        string path = _scratch["lock/pixi.lock"];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, builder.ToYaml());
        return path;
    }

    private Channel Make(string lockFile, string name) =>
        ShapedChannel.Make(
            new ShapeOptions(lockFile) { Environment = "shaped" },
            new ChannelOptions { Directory = _scratch["out-" + name], CacheDirectory = _scratch["cache-" + name] }
        );
}
