namespace Packhorse.Tests.BadInput;

/// <summary>Every beginning of a pack, from a file, from a pipe and as a directory whose files are cut.</summary>
public sealed class TruncationTests : IDisposable
{
    // What takes half a minute each: every fourth beginning, and all of them with PACKHORSE_FULL=1. Of a pack as a file it is always all.
    private static readonly int Step = Environment.GetEnvironmentVariable("PACKHORSE_FULL") == "1" ? 1 : 4;

    private readonly Sandbox _sandbox = new(inMemory: true);
    private readonly ITestOutputHelper _log;

    public TruncationTests(ITestOutputHelper log) => _log = log;

    public void Dispose() => _sandbox.Dispose();

    [Theory]
    [InlineData("packhorse", false)]
    [InlineData("packhorse", true)]
    [InlineData("upstream", false)]
    [InlineData("upstream", true)]
    public void No_beginning_of_a_pack_passes_for_the_pack(string layout, bool fromPipe)
    {
        byte[] pack = _sandbox.Pack(layout, Small.Tool());
        string path = _sandbox.Write("cut.tar", pack);
        using FileStream file = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        string before = Tree.Describe(_sandbox.Work);
        // From the end, so that one file serves them all.
        int step = fromPipe ? Step : 1;
        for (int length = pack.Length - 1; length >= 0; length -= step)
        {
            file.SetLength(length);
            CliResult result = fromPipe
                ? Cli.Run(pack.AsMemory(0, length), "unpack", "-", "-o", _sandbox.Work, "--workers=1")
                : Cli.Run("unpack", path, "-o", _sandbox.Work, "--workers=1");
            Assert.True(result.ExitCode == 4, $"{length} of {pack.Length} bytes: {result.ExitCode}, {result.Error}");
            Assert.Contains(fromPipe ? "standard input" : path, result.Error, StringComparison.Ordinal);
        }
        Assert.Equal(
            ["cut.tar", "project", "project/pixi.lock", "project/pixi.toml"],
            Tree.Names(_sandbox.Work).Order()
        );
        Assert.Contains("cut.tar", before, StringComparison.Ordinal);
        _log.WriteLine(
            $"{pack.Length / step} prefixes of a pack of {pack.Length} bytes, layout {layout}, pipe {fromPipe}: 4"
        );
    }

    [Fact]
    public void No_beginning_of_a_self_extracting_file_passes_for_the_file()
    {
        byte[] file = _sandbox.SelfExtracting(Small.Tool());
        string path = _sandbox.Outside("cut.sh");
        File.WriteAllBytes(path, file);
        using FileStream cut = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        string before = Tree.Describe(_sandbox.Work);
        for (int length = file.Length - 1; length >= 0; length -= Step)
        {
            cut.SetLength(length);
            CliResult result = Cli.Run("unpack", path, "-o", _sandbox.Work, "--workers=1");
            Assert.True(result.ExitCode == 4, $"{length} of {file.Length} bytes: {result.ExitCode}, {result.Error}");
        }
        Assert.Equal(before, Tree.Describe(_sandbox.Work));
        _log.WriteLine($"{file.Length / Step} prefixes of a self-extracting file: 4");
    }

    [Fact]
    public void No_file_of_a_directory_pack_may_be_cut_or_missing()
    {
        _sandbox.Channel.Add(Small.Tool());
        string[] command = ["pack", _sandbox.Lock(), "-p", "linux-64", "--directory-only", "-o", _sandbox["pack"]];
        Assert.Equal(0, Cli.Run(command).ExitCode);
        int tried = 0;
        string[] files = Directory.GetFiles(_sandbox["pack"], "*", SearchOption.AllDirectories);
        foreach (string path in files)
        {
            byte[] content = File.ReadAllBytes(path);
            for (int length = 0; length < content.Length; length++)
            {
                File.WriteAllBytes(path, content.AsSpan(0, length));
                Assert.Equal(4, Cli.Run("unpack", _sandbox["pack"], "-o", _sandbox.Work).ExitCode);
                tried++;
            }
            File.Delete(path);
            _sandbox.Refuses("PH0408", "unpack", _sandbox["pack"], "-o", _sandbox.Work);
            File.WriteAllBytes(path, content);
        }
        Assert.Equal(0, Cli.Run("unpack", _sandbox["pack"], "-o", _sandbox.Work).ExitCode);
        _log.WriteLine($"{tried} prefixes of the {files.Length} files of a directory pack: 4");
    }

    [Fact]
    public void A_pack_without_one_of_its_members_is_refused()
    {
        byte[] pack = _sandbox.Pack(Small.Tool(), Small.Python(), Small.Module());
        PackTar tar = PackTar.Read(pack);
        string[] files = [.. tar.Members.Where(member => member.Content is not null).Select(member => member.Name)];
        Assert.Equal(7, files.Length);
        Assert.All(files, name => _sandbox.RefusesPack("PH0408", tar.Without(name).ToArray()));
    }

    [Fact]
    public void Another_tools_pack_without_its_lists_is_refused()
    {
        PackTar tar = PackTar.Read(_sandbox.Pack(Small.Tool(), Small.Python(), Small.Module())).WithoutDigests();
        _sandbox.RefusesPack(
            "PH0408",
            tar.Without("channel/noarch/repodata.json").ToArray(),
            "holds 'channel/noarch/module-1.0-h0_0.conda', but no 'channel/noarch/repodata.json'"
        );
        PackTar empty = tar.Without(tar.Find("tool-1.0-h0_0.conda")).Without(tar.Find("python-3.12.1-h0_0.conda"));
        _sandbox.RefusesPack("PH0408", empty.ToArray(), "but does not hold it");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_pack_of_no_packages_is_refused(bool withLists)
    {
        string manifest = """{"version": "1", "pixi-pack-version": "0.7.10", "platform": "linux-64"}""";
        PackTar tar = PackTar.Read(_sandbox.Pack(Small.Tool()));
        PackTar empty = tar.Without(tar.Find("tool-1.0-h0_0.conda")).With("pixi-pack.json", manifest);
        empty = withLists
            ? empty.With("channel/linux-64/repodata.json", """{"packages": {}, "packages.conda": {}}""")
            : empty.Without("channel/linux-64/repodata.json");
        _sandbox.RefusesPack("PH0408", empty.ToArray(), "it holds no packages");
    }
}
