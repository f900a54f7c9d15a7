using System.Text;
using System.Text.RegularExpressions;
using Packhorse.TestChannel;
using Packhorse.Tests.BadInput;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.SelfExtracting;

/// <summary><c>environment.ps1</c>: pixi-pack's form, byte by byte. No PowerShell runs it here.</summary>
public sealed partial class PowerShellFileTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly string _lock;
    private readonly string _unpacker;

    public PowerShellFileTests()
    {
        var channel = new ChannelDirectory(_scratch["channel"]);
        channel.Add(
            new PackageBuilder("hello", "1.0", "h0_0").NoArchGeneric().AddFile("Scripts/hello.bat", "@echo hello\r\n")
        );
        _lock = channel.WriteLock(_scratch["project"], platform: "win-64");
        _unpacker = _scratch.Write("pixi-unpack.exe", FakeWindowsProgram.Make());
    }

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("packhorse")]
    [InlineData("upstream")]
    public void The_file_is_script_marker_tar_marker_and_unpacker_with_line_ends_of_Windows(string layout)
    {
        Pack("x.tar", "--layout", layout);
        Pack("x.ps1", "--layout", layout, "--create-executable", "--pixi-unpack-source", _unpacker);

        byte[] file = File.ReadAllBytes(_scratch["x.ps1"]);
        string text = Encoding.ASCII.GetString(file);
        Assert.All(file, value => Assert.True(value is (byte)'\r' or (byte)'\n' or (>= 32 and < 127)));
        Assert.DoesNotMatch("(?<!\r)\n|\r(?!\n)", text);
        Match match = Form().Match(text);
        Assert.True(match.Success);
        Assert.Equal(File.ReadAllBytes(_scratch["x.tar"]), Convert.FromBase64String(match.Groups["tar"].Value));
        Assert.Equal(File.ReadAllBytes(_unpacker), Convert.FromBase64String(match.Groups["unpacker"].Value));
        // Where the script looks for the tar.
        Assert.Contains($"$file.Position = {match.Groups["tar"].Index:D4}\r\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_bytes_come_through_a_pipe()
    {
        Pack("x.ps1", "--create-executable", "--pixi-unpack-source", _unpacker);

        CliResult piped = Run("-", "--create-executable", "--pixi-unpack-source", _unpacker);

        Assert.Equal(File.ReadAllBytes(_scratch["x.ps1"]), piped.Output);
    }

    [Fact]
    public void The_command_line_reads_it()
    {
        Pack("x.ps1", "--create-executable", "--pixi-unpack-source", _unpacker);

        CliResult inspected = Cli.Run("inspect", _scratch["x.ps1"]);

        Assert.Contains("hello", inspected.Text, StringComparison.Ordinal);
        Assert.Contains("win-64", inspected.Text, StringComparison.Ordinal);
        Assert.Equal(0, Cli.Run("verify", _scratch["x.ps1"]).ExitCode);
    }

    [Fact]
    public void Its_name_may_have_digits_of_its_content()
    {
        Pack("out/hello-{sha256:8}.ps1", "--create-executable", "--pixi-unpack-source", _unpacker);

        string made = Assert.Single(Directory.EnumerateFileSystemEntries(_scratch["out"]));
        Assert.Matches("^hello-[0-9a-f]{8}\\.ps1$", Path.GetFileName(made));
    }

    [Fact]
    public void Without_an_unpacker_for_Windows_it_is_refused()
    {
        CliResult none = Run("out/x.ps1", "--create-executable");
        Assert.Equal(7, none.ExitCode);
        Assert.Contains("--pixi-unpack-source", none.Error, StringComparison.Ordinal);

        string elf = _scratch.Write("elf", FakeRuntime.Make());
        Assert.Equal(2, Run("out/x.ps1", "--create-executable", "--pixi-unpack-source", elf).ExitCode);
        string arm = _scratch.Write("arm", FakeWindowsProgram.Make(0xAA64));
        Assert.Equal(7, Run("out/x.ps1", "--create-executable", "--pixi-unpack-source", arm).ExitCode);
        Assert.False(Directory.Exists(_scratch["out"]));
    }

    [Fact]
    public void Without_a_name_it_is_environment_ps1()
    {
        string before = Directory.GetCurrentDirectory();
        try
        {
            Directory.SetCurrentDirectory(_scratch.Root);
            CliResult result = Cli.Run(
                "pack",
                _lock,
                "-p",
                "win-64",
                "--create-executable",
                "--pixi-unpack-source",
                _unpacker
            );
            Assert.True(result.ExitCode == 0, result.Error);
        }
        finally
        {
            Directory.SetCurrentDirectory(before);
        }
        Assert.True(File.Exists(_scratch["environment.ps1"]));
    }

    private void Pack(string output, params string[] options)
    {
        CliResult result = Run(output, options);
        Assert.True(result.ExitCode == 0, result.Error);
    }

    private CliResult Run(string output, params string[] options) =>
        Cli.Run(["pack", _lock, "-p", "win-64", "-o", output == "-" ? "-" : _scratch[output], .. options]);

    [GeneratedRegex(
        @"\A.*\r\n__END_HEADER__\r\n\r\n(?<tar>[A-Za-z0-9+/]+={0,2})\r\n__END_ARCHIVE__\r\n(?<unpacker>[A-Za-z0-9+/]+={0,2})\z",
        RegexOptions.Singleline
    )]
    private static partial Regex Form();
}
