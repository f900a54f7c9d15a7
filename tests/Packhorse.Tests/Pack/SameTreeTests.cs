using System.Formats.Tar;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Pack;

/// <summary>However a pack comes in, the environment is the same.</summary>
public sealed class SameTreeTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    [Fact]
    public void File_directory_and_pipe_give_the_same_tree_with_one_and_many_workers()
    {
        SamplePackages.Channel(_scratch["channel"]).WriteLock(_scratch["project"]);
        CompareAll("1", "8");
    }

    [Fact]
    public void File_directory_and_pipe_give_the_same_tree_of_real_packages()
    {
        string[] packages =
        [
            "conda-forge/linux-64/ncurses-6.5-h59595ed_0.conda",
            "conda-forge/linux-64/libsqlite-3.46.0-hde9e2c9_0.conda",
            "conda-forge/linux-64/libuuid-2.38.1-h0b41bf4_0.conda",
            "defaults/linux-64/readline-6.2-2.tar.bz2",
            "defaults/linux-64/wheel-0.29.0-py35_0.tar.bz2",
            "rattler/package_streaming/ca-certificates-2024.7.4-hbcca054_0.conda",
            .. RealChannel.Clobber(
                "clobber-1-0.1.0-h4616a5c_0.tar.bz2",
                "clobber-2-0.1.0-h4616a5c_0.tar.bz2",
                "clobber-fd-1-0.1.0-h4616a5c_0.conda",
                "clobber-fd-2-0.1.0-h4616a5c_0.conda",
                "clobber-with-symlink-a-0.1.0-h4616a5c_0.conda",
                "clobber-with-symlink-b-0.1.0-h4616a5c_0.conda"
            ),
        ];
        RealChannel.Make(_scratch["channel"], packages).WriteLock(_scratch["project"]);
        CompareAll("8");
    }

    [Theory]
    [InlineData("upstream", 1)]
    [InlineData("upstream", 2)]
    [InlineData("packhorse", 3)]
    public void Members_may_stand_in_any_order(string layout, int seed)
    {
        SamplePackages.Channel(_scratch["channel"]).WriteLock(_scratch["project"]);
        string pack = _scratch["environment.tar"];
        CommandRun.Of("pack", "-q", "-o", pack, _scratch["project"]).Successful();
        string[] expected = Unpack(pack);
        CommandRun.Of("pack", "-q", "--layout", layout, "-o", pack, _scratch["project"]).Successful();
        string shuffled = _scratch["shuffled.tar"];
        Shuffle(pack, shuffled, seed);
        TreeListing.AssertSame(WithoutOrigins(expected), WithoutOrigins(Unpack(shuffled)));
        using FileStream pipe = File.OpenRead(shuffled);
        TreeListing.AssertSame(WithoutOrigins(expected), WithoutOrigins(Unpack("-", pipe)));
    }

    public void Dispose() => _scratch.Dispose();

    private void CompareAll(params string[] workers)
    {
        string project = _scratch["project"];
        string pack = _scratch["environment.tar"];
        CommandRun.Of("pack", "-q", "-o", pack, project).Successful();
        CommandRun.Of("pack", "-q", "--directory-only", "-o", _scratch["directory"], project).Successful();
        byte[] streamed = CommandRun.Of("pack", "-q", "-o", "-", project).Successful().Output;
        Assert.Equal(File.ReadAllBytes(pack), streamed);
        string[] expected = Unpack(pack, null, "--workers=1");
        Assert.True(expected.Length > 40, "the sample is too small to tell anything");
        foreach (string count in workers)
        {
            TreeListing.AssertSame(expected, Unpack(pack, null, $"--workers={count}"));
            TreeListing.AssertSame(expected, Unpack(_scratch["directory"], null, $"--workers={count}"));
            var pipe = new OneWayStream(new MemoryStream(streamed), 1, 511, 100_000);
            TreeListing.AssertSame(expected, Unpack("-", pipe, $"--workers={count}"));
        }
    }

    // Always into the same place, as its path is in the files.
    private string[] Unpack(string pack, Stream? input = null, params string[] options)
    {
        string output = _scratch["node"];
        CommandRun.WithInput(input ?? Stream.Null, ["unpack", "-q", "-o", output, .. options, pack]).Successful();
        Assert.Equal(
            ["activate.sh", "env"],
            Directory.EnumerateFileSystemEntries(output).Select(Path.GetFileName).Order()
        );
        string[] listing = [.. TreeListing.Of($"{output}/env"), File.ReadAllText($"{output}/activate.sh")];
        Directory.Delete(output, recursive: true);
        return listing;
    }

    // Upstream's packs do not tell where packages were published, which goes into the records.
    private static string[] WithoutOrigins(string[] listing) =>
        [.. listing.Where(line => !line.Contains("conda-meta/", StringComparison.Ordinal))];

    private static void Shuffle(string pack, string shuffled, int seed)
    {
        var members = new List<(string Name, byte[] Content)>();
        using (FileStream file = File.OpenRead(pack))
        using (var reader = new TarReader(file))
        {
            while (reader.GetNextEntry(copyData: true) is { } entry)
            {
                if (entry.EntryType == TarEntryType.RegularFile)
                {
                    using var content = new MemoryStream();
                    entry.DataStream?.CopyTo(content);
                    members.Add((entry.Name, content.ToArray()));
                }
            }
        }
        (string Name, byte[] Content)[] order = [.. members];
        new Random(seed).Shuffle(order);
        Assert.NotEqual(members.Select(member => member.Name), order.Select(member => member.Name));
        using FileStream output = File.Create(shuffled);
        using var writer = new TarWriter(output, TarEntryFormat.Pax);
        foreach ((string name, byte[] content) in order)
        {
            writer.WriteEntry(
                new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) }
            );
        }
    }
}
