using Packhorse.TestChannel;

namespace Packhorse.Tests.BadInput;

/// <summary>Standard streams that are closed, full, or that nobody reads.</summary>
public sealed class StandardStreamTests : IDisposable
{
    private readonly Sandbox _sandbox = new();

    public void Dispose() => _sandbox.Dispose();

    private string[] PackTo(string output)
    {
        _sandbox.Channel.Add(Small.Tool().AddFile("lib/large", LargeContent.OfBytes(1 << 20)));
        return ["pack", _sandbox.Lock(), "-p", "linux-64", "-o", output];
    }

    private static void Ends(int exitCode, string says, string line, params string[] arguments)
    {
        using PackhorseProcess process = PackhorseProcess.Shell(line, arguments);
        (int actual, string error) = process.Wait();
        Assert.True(actual == exitCode, $"{actual}: {error}");
        Assert.Contains(says, error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_closed_standard_input_is_told()
    {
        string before = Tree.Describe(_sandbox.Work);
        Ends(6, "standard input is closed", "\"$@\" <&-", "unpack", "-", "-o", _sandbox.Work);
        Assert.Equal(before, Tree.Describe(_sandbox.Work));
    }

    [Fact]
    public void A_closed_standard_output_is_told() => Ends(6, "standard output is closed", "\"$@\" >&-", PackTo("-"));

    [Fact]
    public void A_reader_that_goes_away_is_told() =>
        Ends(0, "[PH0600]", "{ \"$@\"; echo $? >&2; } | head -c 1000 >/dev/null", PackTo("-"));

    [Fact]
    public void A_full_standard_output_is_told()
    {
        Ends(6, "[PH0601]", "\"$@\" >/dev/full", PackTo("-"));
        Ends(6, "[PH0601]", "\"$@\" >/dev/full", [.. PackTo(_sandbox["out.tar"]), "--dry-run", "--json"]);
        Ends(6, "[PH0601]", "\"$@\" >/dev/full", "--help");
    }

    [Theory]
    [InlineData("\"$@\" 2>&-")]
    [InlineData("\"$@\" 2>/dev/full")]
    public void Where_messages_cannot_be_written_the_exit_code_still_tells(string line)
    {
        Ends(3, "", line, "unpack", _sandbox["missing.tar"]);
        Ends(0, "", line, PackTo(_sandbox["out.tar"]));
    }

    [Fact]
    public void Arguments_that_are_not_UTF8_are_refused() =>
        Ends(2, "is not UTF-8", "\"$@\" \"$(printf '/tmp/a\\377b')\"", "unpack");

    [Fact]
    public void A_current_directory_that_is_gone_is_told()
    {
        Directory.CreateDirectory(_sandbox["gone"]);
        Ends(3, "[PH0300]", $"cd '{_sandbox["gone"]}' && rmdir '{_sandbox["gone"]}' && \"$@\"", "unpack", "x.tar");
    }

    [Fact]
    public void A_named_pipe_is_unpacked_as_it_comes()
    {
        string pack = _sandbox.Write("pack.tar", _sandbox.Pack(Small.Tool()));
        string pipe = _sandbox["pipe"];
        Ends(
            0,
            "Finished",
            $"mkfifo '{pipe}' && {{ cat '{pack}' > '{pipe}' & }} && \"$@\"",
            "unpack",
            pipe,
            "-o",
            _sandbox.Work
        );
        Assert.True(File.Exists(_sandbox["env/bin/tool"]));
    }

    [Fact]
    public void A_pipe_in_place_of_a_pack_that_is_none_is_refused()
    {
        string pipe = _sandbox["pipe"];
        Ends(
            4,
            "is no pack",
            $"mkfifo '{pipe}' && {{ echo hello > '{pipe}' & }} && \"$@\"",
            "unpack",
            pipe,
            "-o",
            _sandbox.Work
        );
        Assert.Equal(["pipe"], Tree.Names(_sandbox.Work));
        Ends(4, "is no pack", "\"$@\"", "unpack", "/dev/null", "-o", _sandbox.Work);
    }

    [Fact]
    public void A_pipe_in_place_of_a_package_is_refused()
    {
        BuiltPackage tool = _sandbox.Channel.Add(Small.Tool());
        string project = _sandbox.Lock();
        string path = _sandbox.Channel.PathOf(tool);
        Ends(
            6,
            "it is a pipe or a device",
            $"rm '{path}' && mkfifo '{path}' && \"$@\"",
            "pack",
            project,
            "-p",
            "linux-64",
            "-o",
            _sandbox["out"]
        );
    }
}
