using Packhorse.TestChannel;
using Packhorse.Tests.Support;
using Packhorse.Tests.Wheels;

namespace Packhorse.Tests.Packing;

/// <summary>Sentences that scripts around pixi-pack and pixi-unpack may look for, in the words of theirs.</summary>
public sealed class UpstreamMessageTests : IDisposable
{
    private readonly WheelSite _site = new();

    public void Dispose() => _site.Dispose();

    [Fact]
    public void A_manifest_that_is_not_there() =>
        Says(
            CommandRun.Of("pack", _site["nothing.toml"]).Failed(3),
            $"error: manifest path does not exist at {_site["nothing.toml"]}"
        );

    [Fact]
    public void A_manifest_without_its_lock()
    {
        Directory.CreateDirectory(_site.Project);
        File.WriteAllText(_site["project/pixi.toml"], "");
        Says(
            CommandRun.Of("pack", _site["project/pixi.toml"]).Failed(3),
            $"error: could not read lockfile at {_site["project/pixi.lock"]}"
        );
    }

    [Fact]
    public void Environments_and_platforms_that_are_not_locked()
    {
        string project = Path.GetDirectoryName(_site.WriteLock())!;
        Says(CommandRun.Of("pack", "-e", "prod", project).Failed(3), "error: environment not found in lockfile: prod");
        Says(CommandRun.Of("pack", "-p", "osx-64", project).Failed(3), "error: platform not found in lockfile: osx-64");
    }

    [Fact]
    public void What_is_left_out_or_cannot_be_verified_is_said_without_being_asked()
    {
        string sdists = Fixtures.Require("pixi-pack-examples/pypi-non-wheel-packages");
        CommandRun refused = CommandRun.Of("pack", "-p", "linux-64", "-o", _site["x.tar"], sdists).Failed(2);
        Says(refused, "is not a wheel file, we currently require all dependencies to be wheels.");

        string wheel = new WheelBuilder("demo").AddFile("demo.py", "").WriteTo(_site["wheels"]);
        Says(
            CommandRun.Of("pack", "-o", _site["x.tar"], _site.WriteLock(), "--inject", wheel).Successful(),
            "warning: Currently we cannot verify that injected wheels are compatible with the environment."
        );
    }

    [Fact]
    public void Wheels_in_a_pack_without_Python()
    {
        var channel = new ChannelDirectory(_site["empty"]);
        channel.Add(new PackageBuilder("nothing").AddFile("nothing", ""));
        string pack = _site.On(channel).Pack("pack", "--layout", "upstream", "--directory-only");
        new WheelBuilder("demo").AddFile("demo.py", "").WriteTo($"{pack}/pypi");
        Says(_site.Unpack(pack).Failed(1), "error: No python record found");
    }

    [Fact]
    public void A_shell_that_nobody_knows() =>
        Says(
            CommandRun.Of("unpack", "-s", "csh", _site["x.tar"]).Failed(2),
            "error: 'csh' is an unknown shell variant"
        );

    private static void Says(CommandRun run, string sentence) =>
        Assert.Contains(sentence, run.Error, StringComparison.Ordinal);
}
