using System.Text;
using System.Text.Json;
using Packhorse.Codecs;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.TestChannel;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Install;

/// <summary>The records in <c>conda-meta</c>, by which conda, mamba and pixi know what is installed.</summary>
public sealed class CondaMetaTests : IDisposable
{
    private const string Prefix = "/the/prefix";

    private readonly ScratchDirectory _scratch = new();

    [Fact]
    public void Digests_in_the_prefix_stand_where_they_differ_from_the_packages()
    {
        JsonElement record = Record(
            new PackageBuilder("p")
                .AddFile("plain", "x")
                .AddFile("relocated", Placeholder.Default, prefix: PrefixMode.Text)
                .AddFile("unchanged", "no placeholder", prefix: PrefixMode.Text)
                .AddFile("tied", "t")
                .NoLink("tied")
                .AddSymlink("link", "plain")
        );
        Dictionary<string, JsonElement> paths = Paths(record);
        Assert.Equal(["_path", "path_type", "sha256", "size_in_bytes"], Names(paths["plain"]));
        Assert.Equal(
            ["_path", "path_type", "sha256", "sha256_in_prefix", "size_in_bytes", "file_mode", "prefix_placeholder"],
            Names(paths["relocated"])
        );
        Assert.Equal(Digest(Prefix), paths["relocated"].GetProperty("sha256_in_prefix").GetString());
        Assert.Equal(Digest(Placeholder.Default), paths["relocated"].GetProperty("sha256").GetString());
        Assert.Equal(Placeholder.Default, paths["relocated"].GetProperty("prefix_placeholder").GetString());
        Assert.DoesNotContain("sha256_in_prefix", Names(paths["unchanged"]));
        Assert.Equal(["_path", "path_type", "no_link", "sha256", "size_in_bytes"], Names(paths["tied"]));
        Assert.Equal("softlink", paths["link"].GetProperty("path_type").GetString());
        Assert.Equal(Digest("x"), paths["link"].GetProperty("sha256").GetString());
        Assert.Equal(Digest("plain"), paths["link"].GetProperty("sha256_in_prefix").GetString());
    }

    [Fact]
    public void Without_paths_json_only_what_is_known_is_written()
    {
        JsonElement record = Record(
            new PackageBuilder("p")
                .AddFile("plain", "x")
                .AddFile("relocated", Placeholder.Default, prefix: PrefixMode.Text)
                .AddSymlink("link", "plain")
                .Quirks(new ArchiveQuirks { OmitPathsJson = true })
        );
        Dictionary<string, JsonElement> paths = Paths(record);
        Assert.Equal(["_path", "path_type"], Names(paths["plain"]));
        // Not "sha256": that is of the file as packaged.
        Assert.Equal(
            ["_path", "path_type", "sha256_in_prefix", "file_mode", "prefix_placeholder"],
            Names(paths["relocated"])
        );
        Assert.Equal(["_path", "path_type", "sha256_in_prefix"], Names(paths["link"]));
    }

    [Fact]
    public void Entry_points_and_modules_stand_under_their_paths_in_the_prefix()
    {
        JsonElement record = Record(
            new PackageBuilder("pkg", "1.0", "py_0")
                .NoArchPython()
                .AddFile("site-packages/pkg.py", "x")
                .AddFile("python-scripts/z", "z")
                .AddEntryPoint("pkg = pkg:main"),
            SamplePackages.Python()
        );
        Assert.Equal(["bin/pkg", "bin/z", "lib/python3.11/site-packages/pkg.py"], Strings(record, "files"));
        JsonElement entryPoint = Paths(record)["bin/pkg"];
        Assert.Equal("unix_python_entry_point", entryPoint.GetProperty("path_type").GetString());
        Assert.Equal(["_path", "path_type", "sha256", "size_in_bytes"], Names(entryPoint));
    }

    [Fact]
    public void Files_and_paths_are_sorted_and_the_same()
    {
        JsonElement record = Record(
            new PackageBuilder("p")
                .AddFile("b/a", "")
                .AddFile("B", "")
                .AddFile("a-b", "")
                .AddFile("a/b", "")
                .AddFile("é", "")
        );
        Assert.Equal(["B", "a-b", "a/b", "b/a", "é"], Strings(record, "files"));
        Assert.Equal(Strings(record, "files"), Paths(record).Keys);
    }

    [Fact]
    public void A_record_has_the_members_of_rattlers_in_their_order()
    {
        JsonElement record = Record(new PackageBuilder("p", "1.0", "h_7").DependsOn("x >1").AddFile("f", "x"));
        string[] expected =
        [
            "arch",
            "build",
            "build_number",
            "depends",
            "license",
            "name",
            "platform",
            "subdir",
            "timestamp",
            "version",
            "fn",
            "url",
            "channel",
            "requested_specs",
            "files",
            "paths_data",
        ];
        Assert.Equal(expected, Names(record));
        Assert.Equal("p-1.0-h_7.conda", record.GetProperty("fn").GetString());
        Assert.Equal("https://channel.example/linux-64/p-1.0-h_7.conda", record.GetProperty("url").GetString());
        Assert.Equal("https://channel.example", record.GetProperty("channel").GetString());
    }

    [Fact]
    public void Members_have_the_types_that_they_have_in_real_records()
    {
        JsonElement ours = Record(
            new PackageBuilder("p")
                .DependsOn("x")
                .Constrains("y")
                .AddFile("f", Placeholder.Default, prefix: PrefixMode.Text)
        );
        foreach (string path in Directory.EnumerateFiles(Fixtures.Require("rattler/conda-meta"), "*.json"))
        {
            using JsonDocument theirs = JsonDocument.Parse(File.ReadAllBytes(path));
            AssertSameTypes(theirs.RootElement, ours);
            AssertSameTypes(
                theirs.RootElement.GetProperty("paths_data").GetProperty("paths")[0],
                ours.GetProperty("paths_data").GetProperty("paths")[0]
            );
        }
    }

    [Theory]
    [InlineData("rattler/conda-meta")]
    [InlineData("records/be_black-conda4.5-linux-64")]
    public void Records_of_other_tools_are_read(string fixture)
    {
        string[] records = Directory.GetFiles(Fixtures.Require(fixture), "*.json");
        foreach (string path in records)
        {
            _scratch.Write($"env/conda-meta/{Path.GetFileName(path)}", File.ReadAllBytes(path));
        }
        InstalledEnvironment installed = InstalledEnvironment.Read(_scratch["env"]);
        Assert.Equal(records.Length, installed.Packages.Count);
        Assert.Null(installed.Marker);
        foreach (InstalledPackage package in installed.Packages)
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(_scratch[$"env/{package.RecordPath}"]));
            bool hasDigest = json.RootElement.TryGetProperty("sha256", out JsonElement sha256);
            Assert.Equal(hasDigest ? sha256.GetString() : null, package.Sha256?.ToString());
            Assert.Equal(Strings(json.RootElement, "files"), package.Files);
        }
    }

    [Fact]
    public void A_record_is_read_as_it_was_written()
    {
        string path = PackageFiles.Write(_scratch["packages"], new PackageBuilder("p").AddFile("a/b", "x").Pack())[0];
        (_, IReadOnlyList<LinkedPackage> linked) = PackageFiles.Install(
            [path],
            new InstallTarget(Prefix, Platform.Linux64),
            new MemorySink()
        );
        byte[] record = CondaMeta.WriteRecord(linked[0]);
        _scratch.Write("env/conda-meta/p-1.0-h0_0.json", record);
        InstalledPackage installed = Assert.Single(InstalledEnvironment.Read(_scratch["env"]).Packages);
        Assert.Equal(["a/b"], installed.Files);
        Assert.Equal(linked[0].Plan.Package.Record.Sha256, installed.Sha256);
        Assert.Equal(Sha256.Hash(record), installed.RecordSha256);
    }

    public void Dispose() => _scratch.Dispose();

    private JsonElement Record(params PackageBuilder[] builders)
    {
        IReadOnlyList<string> paths = PackageFiles.Write(
            _scratch["packages"],
            builders.Select(builder => builder.Pack())
        );
        (_, IReadOnlyList<LinkedPackage> linked) = PackageFiles.Install(
            paths,
            new InstallTarget(Prefix, Platform.Linux64),
            new MemorySink()
        );
        return JsonDocument.Parse(CondaMeta.WriteRecord(linked[0])).RootElement;
    }

    private static Dictionary<string, JsonElement> Paths(JsonElement record) =>
        record
            .GetProperty("paths_data")
            .GetProperty("paths")
            .EnumerateArray()
            .ToDictionary(path => path.GetProperty("_path").GetString()!);

    private static string[] Names(JsonElement json) => [.. json.EnumerateObject().Select(member => member.Name)];

    private static string[] Strings(JsonElement json, string name) =>
        [.. json.GetProperty(name).EnumerateArray().Select(item => item.GetString()!)];

    private static void AssertSameTypes(JsonElement expected, JsonElement actual)
    {
        foreach (JsonProperty member in actual.EnumerateObject())
        {
            if (expected.TryGetProperty(member.Name, out JsonElement theirs) && theirs.ValueKind != JsonValueKind.Null)
            {
                Assert.True(theirs.ValueKind == member.Value.ValueKind, $"{member.Name} is {member.Value.ValueKind}");
            }
        }
    }

    private static string Digest(string text) => Sha256.Hash(Encoding.UTF8.GetBytes(text)).ToString();
}
