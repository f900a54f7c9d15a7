using System.Text.Json;
using Packhorse.Commands;
using Packhorse.Pack;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.SelfExtracting;

/// <summary>Self-extracting files through the command line. Their runtime is never started here.</summary>
public sealed class CommandTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly string _file;
    private readonly string _runtime;
    private readonly string _lock;

    public CommandTests()
    {
        _file = _scratch["environment.sh"];
        _runtime = _scratch.Write("runtime", FakeRuntime.Make());
        _lock = SmallPack.MakeLock(_scratch.Root);
        _ = SmallPack.Pack(_lock, _file, "--create-executable", "--pixi-unpack-source", _runtime);
    }

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("packhorse")]
    [InlineData("upstream")]
    public void The_payload_is_the_tar_and_nothing_but_header_runtime_and_end_is_added(string layout)
    {
        _ = SmallPack.Pack(_lock, _scratch["x.tar"], "--layout", layout);
        _ = SmallPack.Pack(
            _lock,
            _scratch["x.sh"],
            "--layout",
            layout,
            "--create-executable",
            "--pixi-unpack-source",
            _runtime
        );

        byte[] tar = File.ReadAllBytes(_scratch["x.tar"]);
        byte[] file = File.ReadAllBytes(_scratch["x.sh"]);

        Assert.Equal((2 * SelfExtractingHeader.Bytes) + tar.Length + SelfExtractingHeader.EndMark.Length, file.Length);
        Assert.True(file.AsSpan(2 * SelfExtractingHeader.Bytes).StartsWith(tar));
        using PackContents pack = PackContents.Open(_scratch["x.sh"]);
        Assert.Equal(2, pack.Packages.Count);
    }

    [Fact]
    public void The_same_bytes_come_through_a_pipe()
    {
        using var output = new MemoryStream();
        using var error = new StringWriter();
        var terminal = new Output.Terminal
        {
            OpenInput = () => Stream.Null,
            OpenOutput = () => output,
            Out = TextWriter.Null,
            Error = error,
        };

        int code = CommandLine.Run(
            ["pack", _lock, "-p", "linux-64", "-o", "-", "--create-executable", "--pixi-unpack-source", _runtime],
            terminal
        );

        Assert.True(code == 0, error.ToString());
        Assert.Equal(File.ReadAllBytes(_file), output.ToArray());
    }

    [Fact]
    public void Verify_finds_every_member_right_and_a_flipped_bit_wrong()
    {
        (int code, string output, _) = Run("verify", "--json", _file);
        Assert.Equal(0, code);
        Assert.Equal(4, JsonDocument.Parse(output).RootElement.GetProperty("members").GetInt32());

        byte[] bytes = File.ReadAllBytes(_file);
        bytes[^2000] ^= 4;
        File.WriteAllBytes(_file, bytes);
        Assert.Equal(4, Run("verify", _file).Code);
    }

    [Fact]
    public void Inspect_and_unpack_read_the_file()
    {
        Assert.Contains("hello", Run("inspect", _file).Output, StringComparison.Ordinal);

        Assert.Equal(0, Run("unpack", "-q", "-o", _scratch["out"], _file).Code);
        Assert.True(File.Exists(_scratch["out/env/bin/hello"]));
    }

    [Fact]
    public void A_file_that_is_cut_off_is_refused()
    {
        File.WriteAllBytes(_file, File.ReadAllBytes(_file)[..^1]);

        (int code, _, string error) = Run("unpack", "-o", _scratch["out"], _file);

        Assert.Equal(4, code);
        Assert.Contains("is cut off", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--create-executable", "--directory-only")]
    [InlineData("--pixi-unpack-source", "/bin/true")]
    [InlineData("--create-executable", "--pixi-unpack-source", "/etc/passwd")]
    public void What_cannot_become_a_file_is_refused_before_anything_is_written(params string[] options)
    {
        Assert.Equal(2, Run(["pack", _lock, "-p", "linux-64", "-o", _scratch["other.sh"], .. options]).Code);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_scratch.Root, "other.sh*"));
    }

    private static (int Code, string Output, string Error) Run(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int code = CommandLine.Run(arguments, SmallPack.MakeTerminal(error, output));
        return (code, output.ToString(), error.ToString());
    }
}
