using Packhorse.Tests.Support;

namespace Packhorse.Tests.Packing;

/// <summary>One lock file gives one pack, whoever makes it, where, when, and with how many threads.</summary>
public sealed class ReproducibilityTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    [Theory]
    [InlineData("packhorse")]
    [InlineData("upstream")]
    public void Packs_are_equal_whatever_the_umask_the_directory_and_the_number_of_downloads(string layout)
    {
        string project = _scratch["project"];
        SamplePackages.Channel(_scratch["channel"]).WriteLock(project);
        // The lock file of a copy of the project has another place, but the same URLs.
        SamplePackages.Channel(_scratch["channel"]).WriteLock(_scratch["elsewhere/deep"]);
        string config = _scratch.Write("one.toml", "[concurrency]\ndownloads = 1\n"u8);
        string reference = _scratch["reference.tar"];
        CommandRun.Of("pack", "-q", "--layout", layout, "-o", reference, project).Successful();

        Pack("077", project, $"--layout {layout} -o {_scratch["a.tar"]}");
        Pack("000", _scratch["elsewhere"], $"--layout {layout} -c {config} -o ../b.tar deep/pixi.toml");

        byte[] expected = File.ReadAllBytes(reference);
        Assert.Equal(expected, File.ReadAllBytes(_scratch["a.tar"]));
        Assert.Equal(expected, File.ReadAllBytes(_scratch["b.tar"]));
        Assert.Equal("600", StockTool.Run("stat", "-c", "%a", _scratch["a.tar"]).Trim());
        Assert.Equal("666", StockTool.Run("stat", "-c", "%a", _scratch["b.tar"]).Trim());
    }

    [Fact]
    public void Files_have_the_modes_of_their_packages_whatever_the_umask()
    {
        SamplePackages.Channel(_scratch["channel"]).WriteLock(_scratch["project"]);
        CommandRun.Of("pack", "-q", "-o", _scratch["environment.tar"], _scratch["project"]).Successful();
        string node = Directory.CreateDirectory(_scratch["node"]).FullName;
        Command("077", node, $"unpack -q {_scratch["environment.tar"]}");
        string Mode(string path) => StockTool.Run("stat", "-c", "%a", Path.Combine(node, "env", path)).Trim();

        Assert.Equal("664", Mode("lib/python3.11/os.py"));
        Assert.Equal("664", Mode("etc/tool.conf"));
        Assert.Equal("775", Mode("bin/tool"));
        Assert.Equal("775", Mode("bin/noarch-tool"));
        Assert.Equal("555", Mode("bin/tool.bin"));
        Assert.Equal("600", Mode("share/private"));
        Assert.Equal("664", Mode("share/same"));
        Assert.Equal("700", Mode("lib"));
        Assert.Equal("700", Mode("share/empty-directory"));
        Assert.Equal("600", Mode("conda-meta/history"));
    }

    [Fact]
    public void Hard_links_of_a_package_stay_one_file()
    {
        SamplePackages.Channel(_scratch["channel"]).WriteLock(_scratch["project"]);
        CommandRun.Of("pack", "-q", "-o", _scratch["environment.tar"], _scratch["project"]).Successful();
        CommandRun.Of("unpack", "-q", "-o", _scratch["node"], _scratch["environment.tar"]).Successful();
        string[] inodes = StockTool
            .Run("stat", "-c", "%i", _scratch["node/env/share/same"], _scratch["node/env/share/not linked"])
            .Split('\n');
        Assert.Equal(inodes[0], inodes[1]);
    }

    public void Dispose() => _scratch.Dispose();

    private static void Pack(string umask, string directory, string arguments) =>
        Command(umask, directory, $"pack -q {arguments}");

    // The umask and the working directory belong to a process, so it takes one of its own.
    private static void Command(string umask, string directory, string arguments)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "packhorse.dll");
        StockTool.Run("sh", "-c", $"umask {umask} && cd '{directory}' && exec dotnet '{program}' {arguments}");
    }
}
