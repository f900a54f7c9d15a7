using System.Text.Json.Nodes;
using Packhorse.Model;
using Packhorse.TestChannel;

namespace Packhorse.Tests.BadInput;

/// <summary>Packages whose bytes are as the lock says, but which were made to do harm or by a broken tool.</summary>
public sealed class HostilePackageTests : IDisposable
{
    private readonly Sandbox _sandbox = new(inMemory: true);

    public void Dispose() => _sandbox.Dispose();

    public static TheoryData<string, string, PackageBuilder> Refused =>
        new()
        {
            { "leaves the prefix", "PH0405", Small.Tool().AddMember(new TarMember("../outside") { Content = "x" }) },
            { "hides that it leaves", "PH0405", Small.Tool().AddMember(new TarMember("a/../../x") { Content = "x" }) },
            { "absolute", "PH0405", Small.Tool().AddMember(new TarMember("/absolute") { Content = "x" }) },
            { "empty component", "PH0405", Small.Tool().AddMember(new TarMember("a//b") { Content = "x" }) },
            { "twice", "PH0407", Small.Tool().AddMember(new TarMember("bin/tool") { Content = "again" }) },
            { "listed twice", "PH0407", Small.Tool().EditPaths(Repeat) },
            { "listed, not there", "PH0407", Small.Tool().EditPath("share/tool/data", Rename("share/tool/none")) },
            { "listed outside", "PH0405", Small.Tool().EditPath("share/tool/data", Rename("../data")) },
            { "listed as the root", "PH0405", Small.Tool().EditPath("share/tool/data", Rename("./")) },
            { "unknown kind", "PH0407", Small.Tool().EditPath("bin/tool", path => path["path_type"] = "portal") },
            { "too large", "PH0407", Small.Tool().EditPath("share/tool/data", path => path["size_in_bytes"] = 9999) },
            { "negative", "PH0407", Small.Tool().EditPath("bin/tool", path => path["size_in_bytes"] = -1) },
            {
                "beyond reason",
                "PH0407",
                Small.Tool().EditPath("bin/tool", path => path["size_in_bytes"] = long.MaxValue)
            },
            { "no number", "PH0407", Small.Tool().EditPath("bin/tool", path => path["size_in_bytes"] = "12") },
            { "no digest", "PH0407", Small.Tool().EditPath("bin/tool", path => path["sha256"] = "12") },
            { "no mode", "PH0407", Small.Tool().EditPath("bin/tool", path => path["file_mode"] = "poetry") },
            { "newer list", "PH0701", Small.Tool().EditPaths(paths => paths["paths_version"] = 2) },
            { "hard link to nothing", "PH0407", Linking("missing") },
            { "hard link out", "PH0405", Linking("../../etc/passwd") },
            { "hard link to /", "PH0405", Linking("/etc/passwd") },
            { "device", "PH0407", Listing(new TarMember("dev/null", TarMember.CharacterDevice)) },
            { "pipe", "PH0407", Listing(new TarMember("run/pipe", TarMember.Fifo)) },
            { "directory as file", "PH0407", Listing(new TarMember("some/where", TarMember.Directory)) },
            { "link to nothing", "PH0407", Listing(new TarMember("some/link", TarMember.SymbolicLink)) },
            { "below its own link", "PH0407", BelowItsOwnLink() },
            { "says more than it has", "PH0403", Small.Tool().AddMember(Lying(1 << 20)) },
            { "says less than it has", "PH0400", Small.Tool().AddMember(Lying(3)) },
            { "impossible member", "PH0404", Small.Tool().AddMember(Lying(long.MaxValue)) },
            { "no index", "PH0407", Small.Tool().OmitInfo("index.json") },
            { "index is no JSON", "PH0407", Small.Tool().AddInfo("index.json", "{") },
            { "no list", "PH0407", Small.Tool().OmitInfo("paths.json").OmitInfo("files") },
            { "another name", "PH0408", Small.Tool().EditIndex(index => index["name"] = "virus") },
            { "another version", "PH0408", Small.Tool().EditIndex(index => index["version"] = "6.6.6") },
            { "another build", "PH0408", Small.Tool().EditIndex(index => index["build"] = "evil_0") },
            { "steers the terminal", "PH0407", Small.Tool().EditIndex(index => index["name"] = "\u001b[2Jtool") },
        };

    [Theory]
    [MemberData(nameof(Refused))]
    public void Hostile_packages_are_refused_and_leave_nothing(string _, string code, PackageBuilder package)
    {
        foreach (PackageArchiveKind kind in Enum.GetValues<PackageArchiveKind>())
        {
            using var sandbox = new Sandbox(inMemory: true);
            sandbox.Channel.Add(package, kind);
            sandbox.RefusesPack(code, sandbox.Pack(), "tool");
            Assert.False(File.Exists(sandbox.Outside("outside")));
        }
    }

    public static TheoryData<PackageBuilder> WithoutVariables =>
        [
            Small.Tool().AddFile("etc/conda/env_vars.d/x.json", "{"),
            Small.Tool().AddFile("etc/conda/env_vars.d/x.json", "{\"a b\": \"c\"}"),
            Small.Tool().AddFile("etc/conda/env_vars.d/x.json", "{\"A\": {}}"),
            Small.Tool().AddSymlink("etc/conda/env_vars.d/x.json", "/dev/zero"),
        ];

    [Theory]
    [MemberData(nameof(WithoutVariables))]
    public void Variables_that_make_no_sense_are_left_out_with_a_warning(PackageBuilder package)
    {
        byte[] pack = _sandbox.Pack(package);
        foreach (bool fromPipe in (bool[])[false, true])
        {
            CliResult result = _sandbox.Unpacks(pack, fromPipe);
            Assert.Contains("warning: ", result.Error, StringComparison.Ordinal);
            Assert.Contains("env_vars.d/x.json", result.Error, StringComparison.Ordinal);
            Assert.True(File.Exists(_sandbox["env/bin/tool"]));
        }
    }

    public static TheoryData<string, string> BrokenJson =>
        new()
        {
            { "\"name\": \"tool\"", "\"name\": \"\\ud800\"" },
            { "\"name\": \"tool\"", "\"name\": \"tool\", \"noarch\": \"\\ud800\"" },
            { "\"name\": \"tool\"", "\"name\": \"tool\", \"track_features\": \"\\udfff\"" },
            { "\"name\": \"tool\"", "\"name\": \"tool\", \"track_features\": [\"\\udfff\"]" },
            { "\"name\": \"tool\"", "\"name\": \"tool\", \"run_exports\": {\"weak\": [\"\\ud800\"]}" },
            { "\"name\": \"tool\"", "\"name\": \"tool\", \"flags\": {\"\\ud800\": 1}" },
            { "\"name\": \"tool\"", "\"name\": \"tool\", \"size\": 1e400" },
            { "\"name\": \"tool\"", "\"name\": \"tool\", \"depends\": {}" },
            { "\"name\": \"tool\"", "\"name\": 1" },
            { "\"name\": \"tool\"", "\"name\": \"tool\", \"\\ud800\": 1" },
            { "\"tool-1.0-h0_0.conda\"", "\"../tool-1.0-h0_0.conda\"" },
            { "\"tool-1.0-h0_0.conda\"", "\"\\ud800-1.0-h0_0.conda\"" },
            { "\"tool-1.0-h0_0.conda\"", "\"tool\\n-1.0-h0_0.conda\"" },
            { "\"tool-1.0-h0_0.conda\"", "\"tool.zip\"" },
            { "\"packages\": {}", "\"packages\": []" },
        };

    [Theory]
    [MemberData(nameof(BrokenJson))]
    public void Lists_that_make_no_sense_are_refused(string old, string changed)
    {
        PackTar tar = PackTar.Read(_sandbox.Pack(Small.Tool())).WithoutDigests();
        const string Name = "channel/linux-64/repodata.json";
        string text = System.Text.Encoding.UTF8.GetString(tar[Name]);
        Assert.Contains(old, text, StringComparison.Ordinal);
        byte[] pack = tar.With(Name, text.Replace(old, changed)).ToArray();
        CliResult fromFile = Cli.Run("unpack", _sandbox.Write("bad.tar", pack), "-o", _sandbox.Work);
        CliResult fromPipe = Cli.Run(pack, "unpack", "-", "-o", _sandbox.Work);
        Assert.Equal((4, 4), (fromFile.ExitCode, fromPipe.ExitCode));
        Assert.Contains("channel/linux-64", fromFile.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_sandbox.Environment));
    }

    [Fact]
    public void A_noarch_module_without_Python_is_refused() =>
        _sandbox.RefusesPack("PH0101", _sandbox.Pack(Small.Module()), "no package named python", "module");

    [Fact]
    public void Two_packages_of_one_name_are_refused()
    {
        // None of ours: what packs refuses them too.
        PackTar tar = PackTar.Read(_sandbox.Pack(Small.Tool())).WithoutDigests();
        string repodata = tar.Find("linux-64/repodata.json");
        JsonNode json = JsonNode.Parse(tar[repodata])!;
        JsonNode packages = json["packages.conda"]!;
        JsonNode second = packages["tool-1.0-h0_0.conda"]!.DeepClone();
        second["version"] = "2.0";
        packages["tool-2.0-h0_0.conda"] = second;
        byte[] content = new PackageBuilder("tool", "2.0").AddFile("x", "x").ToConda();

        _sandbox.RefusesPack(
            "PH0101",
            tar.With(repodata, json.ToJsonString()).Plus("channel/linux-64/tool-2.0-h0_0.conda", content).ToArray(),
            "two packages have the name tool"
        );
    }

    [Fact]
    public void A_prefix_longer_than_a_placeholder_is_refused()
    {
        PackageBuilder package = new PackageBuilder("tool")
            .Placeholder("/short")
            .AddFile("lib/tool.so", "\0/short/lib\0", prefix: PrefixMode.Binary);
        _sandbox.RefusesPack("PH0208", _sandbox.Pack(package), "room for 6", "lib/tool.so", "shorter path");
    }

    internal static PackageBuilder BelowItsOwnLink() =>
        new PackageBuilder("tool")
            .AddSymlink("lib", "/tmp")
            .AddMember(new TarMember("lib/evil") { Content = "x" })
            .EditPaths(paths => paths["paths"]!.AsArray().Add((JsonNode)new JsonObject { ["_path"] = "lib/evil" }));

    private static PackageBuilder Linking(string target) =>
        Listing(new TarMember("bin/hard", TarMember.HardLink) { LinkName = target });

    // A member that the list has too.
    private static PackageBuilder Listing(TarMember member) =>
        Small
            .Tool()
            .AddMember(member)
            .EditPaths(paths => paths["paths"]!.AsArray().Add((JsonNode)new JsonObject { ["_path"] = member.Name }));

    private static TarMember Lying(long size) => new("lying") { Content = new string('x', 700), DeclaredSize = size };

    private static Action<JsonObject> Rename(string name) => path => path["_path"] = name;

    private static void Repeat(JsonObject paths) => paths["paths"]!.AsArray().Add(paths["paths"]![0]!.DeepClone());
}
