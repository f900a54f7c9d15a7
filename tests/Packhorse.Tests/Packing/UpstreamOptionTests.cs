using Packhorse.Commands;
using Packhorse.Tests.SelfExtracting;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Packing;

/// <summary>Options of pixi-pack and pixi-unpack 0.7.10, with their meaning, under their names.</summary>
public sealed class UpstreamOptionTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Pixi_pack_takes_every_option_of_its_own()
    {
        string lockFile = SmallPack.MakeLock(_scratch.Root);
        string credentials = _scratch.Write("credentials.json", "{}"u8);
        string config = _scratch.Write("config.toml", "[concurrency]\ndownloads = 3\n"u8);
        string[] options =
        [
            "-e",
            "default",
            "--platform",
            "linux-64",
            "--auth-file",
            credentials,
            "--use-cache",
            _scratch["cache"],
            "--config",
            config,
            "-vvvv",
            "--output-file",
            _scratch["x.tar"],
        ];
        int code = Run("pixi-pack", [.. options, lockFile], out string said);
        Assert.True(code == 0, said);
        Assert.True(File.Exists(_scratch["cache/CACHEDIR.TAG"]));
        Assert.Equal(
            0,
            Run("pixi-pack", ["--directory-only", "-o", _scratch["directory"], "-p", "linux-64", lockFile], out _)
        );
        Assert.Equal(2, Run("pixi-pack", ["--directory-only", "--create-executable", lockFile], out _));
    }

    [Fact]
    public void A_self_extracting_file_gets_pixi_packs_extension_whatever_it_is_called()
    {
        string lockFile = SmallPack.MakeLock(_scratch.Root);
        string runtime = _scratch.Write("runtime", FakeRuntime.Make());
        string[] options = ["-p", "linux-64", "--create-executable", "--pixi-unpack-source", runtime];
        int code = Run("pixi-pack", [.. options, "-o", _scratch["hello.bin"], lockFile], out string said);
        Assert.True(code == 0, said);
        Assert.True(File.Exists(_scratch["hello.sh"]));
        Assert.False(File.Exists(_scratch["hello.bin"]));
    }

    [Theory]
    [InlineData("bash", "sh")]
    [InlineData("sh", "sh")]
    [InlineData("dash", "sh")]
    [InlineData("ksh", "sh")]
    [InlineData("busybox", "sh")]
    [InlineData("brush", "sh")]
    [InlineData("zsh", "sh")]
    [InlineData("xonsh", "xsh")]
    [InlineData("fish", "fish")]
    [InlineData("cmd", "bat")]
    [InlineData("nu", "nu")]
    [InlineData("nushell", "nu")]
    [InlineData("powershell", "ps1")]
    [InlineData("powershell_ise", "ps1")]
    public void Pixi_unpack_takes_every_shell_of_its_own(string shell, string extension)
    {
        _ = SmallPack.Pack(SmallPack.MakeLock(_scratch.Root), _scratch["x.tar"]);
        int code = Run(
            "pixi-unpack",
            ["--output-directory", _scratch["out"], "--env-name", "custom", "--shell", shell, "-vv", _scratch["x.tar"]],
            out string said
        );
        Assert.True(code == 0, said);
        Assert.True(File.Exists(_scratch[$"out/activate.{extension}"]));
        Assert.Contains(_scratch["out/custom"], File.ReadAllText(_scratch[$"out/activate.{extension}"]));
    }

    private static int Run(string name, string[] arguments, out string said)
    {
        using var writer = new StringWriter();
        int code = CalledName.Run(name, arguments, SmallPack.MakeTerminal(writer, writer));
        said = writer.ToString();
        return code;
    }
}
