using Packhorse.TestChannel;
using Packhorse.Tests.Support;

namespace Packhorse.EndToEnd;

/// <summary>A self-extracting file where memory is short: what it takes does not grow with what is in it.</summary>
public sealed class LittleMemoryTests(Environments environments) : IDisposable
{
    private const string TutorialLock = "locks/UW-Madison-DSI+pixi-docker-chtc/examples/hello_pytorch/pixi.lock";

    private readonly DirectoryInfo _scratch = Directory.CreateTempSubdirectory("packhorse-memory-");

    public void Dispose() => _scratch.Delete(recursive: true);

    [Fact]
    public void An_environment_unpacks_within_64_megabytes_of_everything()
    {
        using var limit = new MemoryLimit(64 << 20);

        Unpack(environments.Channel.LockFile, "default", limit.Enter);
    }

    /// <summary>The 119 packages of the tutorial's PyTorch environment, 4 GB, with made-up contents.</summary>
    [Theory]
    [InlineData(256)]
    [InlineData(0)]
    public void Four_gigabytes_unpack_within_256_megabytes_and_within_an_address_space_of_one_gigabyte(int megabytes)
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("PACKHORSE_FULL") == "1", "only by test --full");
        string lockFile = Fixtures.Require(TutorialLock);
        Channel channel = ShapedChannel.Make(
            new ShapeOptions(lockFile) { Environment = "gpu" },
            new ChannelOptions { Directory = Path.Combine(_scratch.FullName, "channel") }
        );
        using MemoryLimit? limit = megabytes > 0 ? new MemoryLimit((long)megabytes << 20) : null;

        Unpack(channel.LockFile, "gpu", limit?.Enter ?? "ulimit -v 1000000");
    }

    private void Unpack(string lockFile, string environment, string confine)
    {
        string file = Path.Combine(_scratch.FullName, "environment.sh");
        string output = Path.Combine(_scratch.FullName, "out");
        Published.Run("pack", lockFile, "-e", environment, "--create-executable", "-o", file, "-q").Succeeded();

        Published.Start("/bin/sh", ["-c", $"{confine} && exec /bin/sh {file} -q -o {output}"]).Succeeded();

        // The activation script comes last.
        Assert.True(File.Exists(Path.Combine(output, "activate.sh")));
        string[] records = Directory.GetFiles(Path.Combine(output, "env", "conda-meta"), "*.json");
        int packages = File.ReadLines(lockFile).Count(line => line.StartsWith("- conda: ", StringComparison.Ordinal));
        Assert.InRange(records.Length, 1, packages);
    }
}
