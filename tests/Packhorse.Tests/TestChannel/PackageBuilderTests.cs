using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Packhorse.Model;
using Packhorse.TestChannel;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.TestChannel;

public sealed class PackageBuilderTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public static TheoryData<string, ArchiveQuirks> Quirks =>
        new()
        {
            { "plain", new ArchiveQuirks() },
            {
                "gnu tar",
                new ArchiveQuirks { TarFormat = TarFormat.Gnu }
            },
            {
                "deflated",
                new ArchiveQuirks { Zip = new ZipMemberOptions { Deflate = true } }
            },
            {
                "descriptor",
                new ArchiveQuirks
                {
                    Zip = new ZipMemberOptions { Deflate = true, DataDescriptor = true },
                }
            },
            {
                "zip64",
                new ArchiveQuirks { Zip = new ZipMemberOptions { Zip64 = true } }
            },
            {
                "no content size",
                new ArchiveQuirks { Zstd = new ZstdOptions { ContentSize = false } }
            },
            {
                "frames",
                new ArchiveQuirks
                {
                    Zstd = new ZstdOptions { FrameSize = 1000, Checksum = true },
                }
            },
            {
                "directory",
                new ArchiveQuirks { MemberDirectory = "some/where/", InfoBeforePkg = true }
            },
        };

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [MemberData(nameof(Quirks))]
    public void Stock_tools_read_every_kind_of_conda_archive(string name, ArchiveQuirks quirks)
    {
        string archive = _scratch.Write(name + ".conda", Sample().Quirks(quirks).ToConda());

        StockTool.Run("unzip", "-tq", archive);
        StockTool.Run("unzip", "-q", "-j", archive, "-d", _scratch[name]);
        string package = Path.Combine(_scratch[name], "pkg-sample-1.0-h0_0.tar.zst");
        StockTool.Run("zstd", "-tq", package);

        StockTool.Run("zstd", "-dq", package);
        string listing = StockTool.Run("tar", "--full-time", "-tvf", Path.ChangeExtension(package, null));
        Assert.Contains("-rwxrwxr-x 0/0", listing, StringComparison.Ordinal);
        Assert.Contains("2023-11-14 22:13:20", listing, StringComparison.Ordinal);
        Assert.Contains("bin/hallo -> hello", listing, StringComparison.Ordinal);
        Assert.Contains(LongPath, listing, StringComparison.Ordinal);
        Assert.Contains("share/wunderlich ü 100%", listing.Replace("\\303\\274", "ü"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(TarFormat.UstarPax)]
    [InlineData(TarFormat.Gnu)]
    public void Stock_tools_read_old_archives_with_info_first(TarFormat format)
    {
        ArchiveQuirks quirks = new() { TarFormat = format };
        string archive = _scratch.Write("a.tar.bz2", Sample().Quirks(quirks).ToTarBz2());

        StockTool.Run("bzip2", "-t", archive);
        string[] listing = StockTool.Run("tar", "-tjf", archive).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("info/about.json", listing[0]);
        Assert.Equal(listing.Count(path => path.StartsWith("info/")), Array.IndexOf(listing, "bin/hallo"));
    }

    [Theory]
    [InlineData(PackageArchiveKind.Conda)]
    [InlineData(PackageArchiveKind.TarBz2)]
    public void The_same_calls_give_the_same_bytes_in_memory_and_in_a_file(PackageArchiveKind kind)
    {
        BuiltPackage first = Sample().Pack(kind);
        BuiltPackage second = Sample().PackInto(_scratch.Root, kind);

        Assert.Equal(first.ToArray(), second.ToArray());
        Assert.Equal(first.Record.Sha256, second.Record.Sha256);
        Assert.Equal(first.Record.Md5, second.Record.Md5);
        Assert.Equal(first.Content.Length, first.Record.Size);
        Assert.True(File.Exists(_scratch["linux-64/" + first.FileName]));
    }

    [Fact]
    public void Info_states_what_installers_need()
    {
        string info = Unpack(Sample().ToConda(), "info-sample-1.0-h0_0");

        JsonNode paths = JsonNode.Parse(File.ReadAllText(Path.Combine(info, "info/paths.json")))!["paths"]!;
        JsonNode program = paths.AsArray().Single(path => (string?)path!["_path"] == "bin/hello")!;
        JsonNode link = paths.AsArray().Single(path => (string?)path!["_path"] == "bin/hallo")!;
        Assert.Equal(Placeholder.Default, (string?)program["prefix_placeholder"]);
        Assert.Equal("text", (string?)program["file_mode"]);
        Assert.Equal((string?)program["sha256"], (string?)link["sha256"]);
        Assert.Equal("softlink", (string?)link["path_type"]);
        Assert.Equal(
            $"{Placeholder.Default} text bin/hello\n",
            File.ReadAllText(Path.Combine(info, "info/has_prefix"))
        );
        Assert.Equal("share/empty\n", File.ReadAllText(Path.Combine(info, "info/no_link")));
        using JsonDocument index = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(info, "info/index.json")));
        PackageRecord record = PackageRecordJson.Read(index.RootElement, "index.json");
        Assert.Equal(["python >=3.11"], record.Depends);
    }

    [Fact]
    public void Placeholders_are_255_bytes_long_whatever_the_package()
    {
        Assert.All(
            ["a", "a-rather-long-name-of-a-package"],
            name => Assert.Equal(255, Encoding.UTF8.GetByteCount(Placeholder.For(name)))
        );
    }

    [Fact]
    public void Hostile_members_stand_in_the_tar_as_they_were_given()
    {
        byte[] bytes = new PackageBuilder("hostile")
            .AddFile("lib/a", "a")
            .AddMember(new TarMember("../outside") { Content = "x" })
            .AddMember(new TarMember("/absolute") { Content = "x" })
            .AddMember(new TarMember("lib/a") { Content = "again" })
            .AddMember(new TarMember("lib/hard", TarMember.HardLink) { LinkName = "lib/a" })
            .ToTarBz2();

        string archive = _scratch.Write("hostile.tar.bz2", bytes);
        string listing = StockTool.Run("tar", "-P", "-tvjf", archive);
        Assert.Contains(" ../outside\n", listing, StringComparison.Ordinal);
        Assert.Contains(" /absolute\n", listing, StringComparison.Ordinal);
        Assert.Contains("lib/hard link to lib/a\n", listing, StringComparison.Ordinal);
        Assert.Equal(
            2,
            listing.Split('\n').Count(line => line.EndsWith(" lib/a", StringComparison.Ordinal) && line.StartsWith('-'))
        );
    }

    [Fact]
    public void Old_style_packages_have_no_paths_json()
    {
        ArchiveQuirks quirks = new() { OmitPathsJson = true };
        string info = Unpack(Sample().Quirks(quirks).ToConda(), "info-sample-1.0-h0_0");

        Assert.False(File.Exists(Path.Combine(info, "info/paths.json")));
        Assert.Contains(
            "bin/hallo\nbin/hello\n",
            File.ReadAllText(Path.Combine(info, "info/files")),
            StringComparison.Ordinal
        );
    }

    private static string LongPath { get; } =
        "lib/" + string.Join('/', Enumerable.Repeat("directory-of-some-length", 8)) + "/file";

    private static PackageBuilder Sample() =>
        new PackageBuilder("sample")
            .DependsOn("python >=3.11")
            .AddExecutable("bin/hello", $"#!{Placeholder.Default}/bin/python\nprint('hello')\n", PrefixMode.Text)
            .AddSymlink("bin/hallo", "hello")
            .AddFile("share/empty", "")
            .NoLink("share/empty")
            .AddFile("share/wunderlich ü 100%", "odd")
            .AddFile(LongPath, "deep")
            .AddFile("lib/data", Enumerable.Range(0, 5000).Select(number => (byte)(number * number >> 3)).ToArray());

    private string Unpack(byte[] conda, string stem)
    {
        string member = _scratch[stem + ".tar.zst"];
        using (ZipArchive zip = new(new MemoryStream(conda)))
        {
            zip.GetEntry(stem + ".tar.zst")!.ExtractToFile(member);
        }
        Directory.CreateDirectory(_scratch[stem]);
        StockTool.Run("tar", "--zstd", "-xf", member, "-C", _scratch[stem]);
        return _scratch[stem];
    }
}
