using System.Text;
using Packhorse.Model;
using Packhorse.TestChannel;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Pack;

/// <summary>Packages that are too large to be held in memory while they come through a pipe.</summary>
public sealed class LargePackageTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    [Fact]
    public void A_pack_with_a_large_package_gives_the_same_tree_from_a_file_and_from_a_pipe()
    {
        var channel = new ChannelDirectory(_scratch["channel"]);
        channel.Add(SamplePackages.Python());
        BuiltPackage large = channel.Add(Large());
        Assert.True(large.Record.Size > Limits.StreamedPackageBytes);
        channel.WriteLock(_scratch["project"]);
        string pack = _scratch["environment.tar"];
        CommandRun.Of("pack", "-q", "-o", pack, _scratch["project"]).Successful();
        string output = _scratch["node"];
        CommandRun.Of("unpack", "-q", "-o", output, pack).Successful();
        IReadOnlyList<string> expected = TreeListing.Of($"{output}/env");
        Directory.Delete(output, recursive: true);

        using FileStream pipe = File.OpenRead(pack);
        CommandRun.WithInput(new OneWayStream(pipe), "unpack", "-q", "-o", output, "-").Successful();

        TreeListing.AssertSame(expected, TreeListing.Of($"{output}/env"));
        Assert.Contains(
            $"{output}/env/lib",
            File.ReadAllText($"{output}/env/etc/large.conf"),
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            $"#!{output}/env/bin/python\n",
            File.ReadAllText($"{output}/env/bin/large"),
            StringComparison.Ordinal
        );
    }

    public void Dispose() => _scratch.Dispose();

    private static PackageBuilder Large()
    {
        byte[] noise = new byte[33 << 20];
        new Random(1).NextBytes(noise);
        string binary = $"head\0{Placeholder.Default}/lib:{Placeholder.Default}\0";
        // An occurrence across the boundary of the blocks in which files are copied.
        byte[] straddling = [.. noise[..((256 << 10) - 100)], .. Encoding.ASCII.GetBytes(binary), .. noise[..1000]];
        return new PackageBuilder("large")
            .NoArchPython()
            .DependsOn("python")
            .AddExecutable("bin/large", $"#!{Placeholder.Default}/bin/python\n", PrefixMode.Text)
            .AddFile("etc/large.conf", $"path={Placeholder.Default}/lib\n", prefix: PrefixMode.Text)
            .AddFile("lib/noise", noise)
            .AddFile("lib/straddling.so", straddling, Modes.FromOctal(755), PrefixMode.Binary)
            .AddFile("site-packages/large/__init__.py", $"W = '{Placeholder.Default}'\n", prefix: PrefixMode.Text)
            .AddEntryPoint("large-tool = large:main")
            .AddSymlink("lib/link", "noise")
            .Quirks(new ArchiveQuirks { Zstd = new ZstdOptions { Level = 1 } });
    }
}
