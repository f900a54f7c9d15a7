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

    [Theory]
    [InlineData("pixi-pack", "--version")]
    [InlineData("pixi-unpack", "-V")]
    [InlineData("packhorse", "--version")]
    [InlineData("packhorse", "-V")]
    public void The_version_says_what_it_is(string name, string option)
    {
        Assert.Equal(0, Run(name, [option], out string said));
        Assert.StartsWith("Packhorse ", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pixi-pack", "--layout", "upstream")]
    [InlineData("pixi-pack", "--json")]
    [InlineData("pixi-pack", "--image")]
    [InlineData("pixi-pack", "pack", "--dry-run")]
    [InlineData("pixi-unpack", "--no-wait")]
    [InlineData("pixi-unpack", "--workers", "1")]
    [InlineData("pixi-pack", "unpack", "--json")]
    [InlineData("pixi-pack", "run")]
    [InlineData("pixi-pack", "completion")]
    [InlineData("pixi-pack", "completion", "-s", "csh")]
    public void Options_that_pixi_pack_does_not_have_are_mistakes(string name, params string[] arguments)
    {
        int code = Run(name, arguments, out string said);

        // A word that is no option is a manifest that is not there.
        Assert.Equal(arguments is ["run"] ? 1 : 2, code);
        Assert.Contains("error: ", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pixi-pack", "-vvv", "-q")]
    [InlineData("pixi-pack", "pack", "-v", "-v")]
    public void Verbosity_may_be_asked_for_more_than_once(string name, params string[] before)
    {
        using var scratch = new ScratchDirectory();
        string lockFile = SmallPack.MakeLock(scratch.Root);

        int code = Run(
            name,
            [.. before, "-p", "linux-64", "-e", "default", "-o", scratch["x.tar"], lockFile],
            out string said
        );

        Assert.True(code == 0, said);
    }

    [Fact]
    public void Help_is_that_of_the_name()
    {
        Assert.Equal(0, Run("pixi-pack", ["-h"], out string pack));
        Assert.Contains("pixi-pack [", pack, StringComparison.Ordinal);
        Assert.Contains("--create-executable", pack, StringComparison.Ordinal);
        Assert.DoesNotContain("--layout", pack, StringComparison.Ordinal);
        Assert.Equal(0, Run("pixi-unpack", ["--help"], out string unpack));
        Assert.Contains("--output-directory", unpack, StringComparison.Ordinal);
        Assert.DoesNotContain("--workers", unpack, StringComparison.Ordinal);
    }

    [Fact]
    public void The_small_pixi_unpack_has_its_options_and_no_others_too()
    {
        using var scratch = new ScratchDirectory();
        File.CreateSymbolicLink(scratch["pixi-unpack"], SmallPack.Runtime);
        _ = SmallPack.Pack(SmallPack.MakeLock(scratch.Root), scratch["x.tar"]);
        Outcome Run(params string[] arguments) =>
            new Execution { Command = [scratch["pixi-unpack"], .. arguments], Directory = scratch.Root }.Run();

        Assert.StartsWith("Packhorse ", Run("-V").ExpectCode(0).Output, StringComparison.Ordinal);
        Assert.DoesNotContain("--keep-pyc", Run("-h").ExpectCode(0).Output, StringComparison.Ordinal);
        Run("--keep-pyc", "x.tar").ExpectCode(2);
        Run("completion", "-s", "bash").ExpectCode(2);
        Run("nothing.tar").ExpectCode(1);
        Run("-e", "custom", "-s", "zsh", "-vv", "x.tar").ExpectCode(0);
        Assert.True(File.Exists(scratch["custom/bin/hello"]));
    }

    private static int Run(string name, string[] arguments, out string said)
    {
        using var writer = new StringWriter();
        int code = CalledName.Run(name, arguments, SmallPack.MakeTerminal(writer, writer));
        said = writer.ToString();
        return code;
    }
}
