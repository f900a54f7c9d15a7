using Packhorse.Commands;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.SelfExtracting;

public sealed class CalledNameTests
{
    [Theory]
    [InlineData("/opt/bin/pixi-pack")]
    [InlineData("pixi-pack", "pack")]
    public void As_pixi_pack_it_packs(string name, params string[] before)
    {
        using var scratch = new ScratchDirectory();
        string lockFile = SmallPack.MakeLock(scratch.Root);

        int code = Run(name, [.. before, "-p", "linux-64", "-o", scratch["x.tar"], lockFile], out string said);

        Assert.True(code == 0, said);
        Assert.True(File.Exists(scratch["x.tar"]));
    }

    [Theory]
    [InlineData("pixi-unpack")]
    [InlineData("pixi-pack", "unpack")]
    public void As_pixi_unpack_it_unpacks(string name, params string[] before)
    {
        using var scratch = new ScratchDirectory();
        _ = SmallPack.Pack(SmallPack.MakeLock(scratch.Root), scratch["x.tar"]);

        int code = Run(name, [.. before, "-o", scratch.Root, "-e", "custom", scratch["x.tar"]], out string said);

        Assert.True(code == 0, said);
        Assert.True(File.Exists(scratch["custom/bin/hello"]));
    }

    [Theory]
    [InlineData("packhorse", 3)]
    [InlineData("pixi-unpack", 1)]
    public void Exit_codes_are_those_of_the_name(string name, int expected)
    {
        string[] arguments = name == "packhorse" ? ["unpack", "/nonexistent.tar"] : ["/nonexistent.tar"];

        Assert.Equal(expected, Run(name, arguments, out _));
        Assert.Equal(2, Run(name, [.. arguments, "--nonsense"], out _));
    }

    [Fact]
    public void The_version_says_what_it_is()
    {
        Assert.Equal(0, Run("pixi-pack", ["--version"], out string said));
        Assert.StartsWith("Packhorse ", said, StringComparison.Ordinal);
    }

    private static int Run(string name, string[] arguments, out string said)
    {
        using var writer = new StringWriter();
        int code = CalledName.Run(name, arguments, SmallPack.MakeTerminal(writer, writer));
        said = writer.ToString();
        return code;
    }
}
