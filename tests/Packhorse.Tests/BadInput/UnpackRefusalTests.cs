using System.Text;
using Packhorse.TestChannel;

namespace Packhorse.Tests.BadInput;

public sealed class UnpackRefusalTests : IDisposable
{
    private readonly Sandbox _sandbox = new();

    public void Dispose() => _sandbox.Dispose();

    public static TheoryData<string, byte[], string> NoPacks =>
        new()
        {
            { "gzip", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0], "compressed with gzip" },
            { "zstd", [0x28, 0xB5, 0x2F, 0xFD, 4, 0], "compressed with zstd" },
            { "xz", [0xFD, .. "7zXZ\0"u8], "compressed with xz" },
            { "bzip2", [.. "BZh91AY&SY"u8], "compressed with bzip2" },
            { "conda", [.. "PK\x03\x04"u8, .. new byte[600]], "zip archive" },
            { "elf", [0x7F, .. "ELF"u8, .. new byte[600]], "it is a program" },
            { "script", [.. "#!/bin/sh\nexit 1\n"u8], "it is a script" },
            { "page", [.. "<!DOCTYPE html><html>404</html>"u8], "web page" },
            { "lock", [.. "version: 6\nenvironments:\n"u8], "lock file" },
            { "text", [.. "hello\n"u8], "too short" },
            { "noise", [.. Enumerable.Range(0, 2000).Select(i => (byte)(i * i * 7))], "tar header" },
        };

    [Theory]
    [MemberData(nameof(NoPacks))]
    public void What_is_no_pack_is_told_by_what_it_is(string name, byte[] content, string says) =>
        _sandbox.RefusesPack("PH0408", content, says, name.Length > 0 ? "is no pack" : "");

    [Fact]
    public void An_empty_file_is_said_to_be_empty() => _sandbox.RefusesPack("PH0408", [], "is no pack: it is empty");

    [Fact]
    public void An_empty_tar_has_no_manifest() =>
        _sandbox.RefusesPack("PH0408", new byte[10240], "it has no pixi-pack.json");

    [Fact]
    public void A_directory_without_a_manifest_is_no_pack()
    {
        Directory.CreateDirectory(_sandbox["somewhere/channel/linux-64"]);
        string error = _sandbox.Refuses("PH0408", "unpack", _sandbox["somewhere"], "-o", _sandbox.Work).Error;
        Assert.Contains("somewhere is no pack: it has no pixi-pack.json", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_pack_is_not_found() =>
        Assert.Contains(
            "missing.tar",
            _sandbox.Refuses("PH0300", "unpack", _sandbox["missing.tar"], "-o", _sandbox.Work).Error,
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("../x")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("a\nb")]
    [InlineData("activate.sh")]
    public void Names_that_are_no_directory_name_are_refused(string name)
    {
        byte[] pack = _sandbox.Pack(Small.Tool());
        string path = _sandbox.Write("pack.tar", pack);
        _sandbox.Refuses("PH0200", "unpack", path, "-o", _sandbox.Work, "-e", name);
        _sandbox.Refuses("PH0200", pack, "unpack", "-", "-o", _sandbox.Work, "-e", name);
    }

    [Fact]
    public void A_name_too_long_for_the_file_system_is_refused() =>
        _sandbox.Refuses("PH0200", "unpack", "x.tar", "-o", _sandbox.Work, "-e", new string('n', 240));

    [Theory]
    [InlineData("with blank")]
    [InlineData("with 'quotes' and \"more\"")]
    [InlineData("-dash")]
    [InlineData("$HOME `x` \\")]
    [InlineData("ünïcode")]
    public void Unusual_names_of_directories_work(string name)
    {
        byte[] pack = _sandbox.Pack(Small.Tool());
        string directory = _sandbox[name];
        Assert.Equal(0, Cli.Run(pack, "unpack", "-", $"--output-directory={directory}", $"--env-name={name}").ExitCode);
        Assert.True(File.Exists(Path.Combine(directory, name, "bin/tool")));
        string said = Support.StockTool.Run(
            "sh",
            "-c",
            ". \"$1\" && printf %s \"$CONDA_PREFIX\"",
            "sh",
            Path.Combine(directory, "activate.sh")
        );
        Assert.Equal(Path.Combine(directory, name), said);
    }

    [Theory]
    [InlineData("unpack", "")]
    [InlineData("unpack", "x", "-o", "")]
    [InlineData("unpack", "x", "-e", "")]
    [InlineData("unpack", "x", "-o", "a\uFFFDb")]
    [InlineData("unpack", "--no-such-option")]
    [InlineData("unpack", "x", "--workers", "-3")]
    [InlineData("unpack", "x", "--workers", "100000")]
    [InlineData("unpack", "-weird.tar")]
    [InlineData("unpack", "a.tar", "b.tar")]
    [InlineData("pack", "")]
    [InlineData("pack", ".", "-o", "")]
    [InlineData("pack", ".", "-p", "")]
    [InlineData("pack", ".", "-c", "")]
    [InlineData("pack", ".", "--layout", "sideways")]
    [InlineData("frobnicate")]
    public void Arguments_that_make_no_sense_are_refused_with_a_hint(params string[] arguments)
    {
        CliResult result = Cli.Run(arguments);
        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith("error: ", result.Error, StringComparison.Ordinal);
        Assert.Contains("hint: packhorse", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_shell_is_refused() =>
        _sandbox.Refuses("PH0206", "unpack", "x.tar", "-o", _sandbox.Work, "-s", "tcsh");

    [Fact]
    public void A_file_as_output_directory_is_refused()
    {
        byte[] pack = _sandbox.Pack(Small.Tool());
        string path = _sandbox.Write("pack.tar", pack);
        _sandbox.Refuses("PH0203", "unpack", path, "-o", path);
        _sandbox.Refuses("PH0203", pack, "unpack", "-", "-o", path);
        _sandbox.Refuses("PH0604", "unpack", path, "-o", Path.Combine(path, "below"));
    }

    [Fact]
    public void What_is_in_the_way_of_the_environment_is_kept()
    {
        byte[] pack = _sandbox.Pack(Small.Tool());
        _sandbox.Write("env", "mine"u8);
        _sandbox.RefusesPack("PH0203", pack, "exists and is no conda environment");
        File.Delete(_sandbox["env"]);
        _sandbox.Write("env/thesis.tex", "mine"u8);
        _sandbox.RefusesPack("PH0203", pack, "exists and is no conda environment");
    }

    [Fact]
    public void A_directory_in_the_way_of_the_activation_script_is_noticed_first()
    {
        byte[] pack = _sandbox.Pack(Small.Tool());
        Directory.CreateDirectory(_sandbox["activate.sh"]);
        _sandbox.RefusesPack("PH0203", pack, "activate.sh' is a directory");
    }

    [Fact]
    public void A_directory_of_the_users_in_place_of_a_file_stops_an_update_before_it_begins()
    {
        byte[] pack = _sandbox.Pack(Small.Tool());
        _sandbox.Unpacks(pack, fromPipe: false);
        File.Delete(_sandbox["env/bin/tool"]);
        _sandbox.Write("env/bin/tool/mine", "mine"u8);
        File.Delete(_sandbox["env/conda-meta/packhorse"]);
        _sandbox.RefusesPack("PH0203", pack, "env/bin/tool' is in the way", "remove or rename it");
    }

    [Fact]
    public void A_pack_for_another_platform_is_refused()
    {
        _sandbox.Channel.Add(new PackageBuilder("mac").Subdir("osx-arm64").AddFile("bin/x", "x"));
        _sandbox.Channel.WriteLock(_sandbox["project"], platform: "osx-arm64");
        CliResult made = Cli.Run("pack", _sandbox["project"], "-p", "osx-arm64", "-o", "-");
        Assert.Equal(0, made.ExitCode);
        _sandbox.RefusesPack("PH0700", made.Output, "it is for osx-arm64, this machine is", "--platform");
    }

    [Theory]
    [InlineData("\"version\": \"1\"", "\"version\": \"2\"", "PH0701")]
    [InlineData("\"format\": 1", "\"format\": 2", "PH0701")]
    [InlineData("\"platform\": \"linux-64\"", "\"platform\": \"amiga-64\"", "PH0700")]
    public void Formats_and_platforms_that_are_not_known_are_refused(string old, string changed, string code)
    {
        byte[] pack = _sandbox.Pack(Small.Tool());
        PackTar tar = PackTar.Read(pack);
        string manifest = Encoding.UTF8.GetString(tar["pixi-pack.json"]).Replace(old, changed);
        _sandbox.RefusesPack(code, tar.With("pixi-pack.json", manifest).ToArray());
    }

    [Fact]
    public void A_dry_run_of_a_pipe_is_refused() =>
        _sandbox.Refuses("PH0200", "unpack", "-", "--dry-run", "-o", _sandbox.Work);
}
