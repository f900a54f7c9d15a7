using System.CommandLine;
using System.Runtime.Versioning;
using Packhorse.Commands;
using Packhorse.Tests.BadInput;
using Packhorse.Tests.SelfExtracting;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Run;

/// <summary><c>packhorse run</c> and <c>packhorse shell</c> as processes, with a pack that is a tar.</summary>
[SupportedOSPlatform("linux")]
public sealed class StartCommandTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly string _pack;

    public StartCommandTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux");
        _pack = _scratch["environment.tar"];
        _ = SmallPack.Pack(SmallPack.MakeLock(_scratch.Root), _pack);
        Directory.CreateDirectory(_scratch["scratch"]);
    }

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData]
    [InlineData("--")]
    public void The_command_runs_with_the_environment_active(params string[] separator)
    {
        Outcome outcome = Start(["run", _pack, .. separator, "hello", "world"]).ExpectCode(0);

        Assert.Matches(
            "^hello world from .*/packhorse-[0-9]+/[0-9a-f]{16} with a variable and a script\n$",
            outcome.Output
        );
        Assert.Equal("", outcome.Error);
    }

    [Fact]
    public void Options_after_the_pack_belong_to_the_command()
    {
        Outcome outcome = Start("run", "-v", _pack, "echo", "-v", "--into", "--help", "--", "@nothing", "")
            .ExpectCode(0);

        Assert.Equal("-v --into --help -- @nothing \n", outcome.Output);
        Assert.Contains("Unpacking", outcome.Error, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Into_names_the_directory_of_environments()
    {
        Start("run", "--into", _scratch["a/b"], _pack, "true").ExpectCode(0);

        Assert.Single(Directory.EnumerateDirectories(_scratch["a/b"]));
        Assert.Empty(Directory.EnumerateDirectories(_scratch["scratch"]));
    }

    [Fact]
    public void A_command_may_have_a_name_like_an_option()
    {
        File.CreateSymbolicLink(_scratch["--into"], "/bin/echo");

        Outcome outcome = new Execution
        {
            Command = [.. Program(), "run", _pack, "--", "--into", "said"],
            Environment = new(Variables()) { ["PATH"] = $"{_scratch.Root}:{Variables()["PATH"]}" },
        }
            .Run()
            .ExpectCode(0);

        Assert.Equal("said\n", outcome.Output);
    }

    [Fact]
    public void Options_right_behind_the_pack_are_ours()
    {
        Outcome outcome = Start("run", _pack, "--into", _scratch["a/b"], "-v", "--", "echo", "--into", "-v")
            .ExpectCode(0);

        Assert.Equal("--into -v\n", outcome.Output);
        Assert.Single(Directory.EnumerateDirectories(_scratch["a/b"]));
        Assert.Contains("Unpacking", outcome.Error, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("record i -o f -- x -o y", "record -o f i -- x -o y")]
    [InlineData("record i -o=f x", "record -o=f i x")]
    [InlineData("record i x -o f", "record i x -o f")]
    [InlineData("record -q i -v x", "record -q -v i x")]
    [InlineData("run i -- -v", "run i -- -v")]
    [InlineData("run i --unknown x", "run i --unknown x")]
    [InlineData("run i --help", "run --help i")]
    [InlineData("run - --into d - x", "run --into d - - x")]
    [InlineData("mount i d -q -- x", "mount -q i d -- x")]
    [InlineData("mount i -q d x -q", "mount -q i d x -q")]
    [InlineData("enter -n a b -n", "enter -n a b -n")]
    [InlineData("run i --into", "run --into i")]
    [InlineData("shell i -q", "shell i -q")]
    [InlineData("pack -o x y", "pack -o x y")]
    [InlineData("", "")]
    public void Only_what_is_behind_the_commands_name_is_the_commands(string given, string expected)
    {
        string[] arguments = given.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        using var nothing = new StringWriter();
        RootCommand root = CommandLine.BuildRoot(SmallPack.MakeTerminal(nothing));

        Assert.Equal(expected, string.Join(' ', StartArguments.WithOptionsFirst(root, arguments)));
    }

    [Fact]
    public void The_runtime_finds_the_environment_that_the_command_line_unpacked()
    {
        Start("run", _pack, "touch", _scratch["mark"]).ExpectCode(0);
        string prefix = Start("run", _pack, "where").ExpectCode(0).Output;

        Outcome outcome = new Execution
        {
            Command = [SmallPack.Runtime, "run", _pack, "where"],
            Environment = Variables(),
        }
            .Run()
            .ExpectCode(0);

        Assert.Equal(prefix, outcome.Output);
    }

    [Theory]
    [InlineData("exit 77", 77)]
    [InlineData("kill -TERM $$", 143)]
    [InlineData("kill -KILL $$", 137)]
    public void The_exit_code_is_the_commands_own(string script, int expected) =>
        new Execution
        {
            Command = ["/bin/sh", "-c", "\"$@\"", "sh", .. Program(), "run", _pack, "/bin/sh", "-c", script],
            Environment = Variables(),
        }
            .Run()
            .ExpectCode(expected);

    [Fact]
    public void A_command_that_is_not_there_is_127_and_one_that_cannot_run_126()
    {
        Start("run", _pack, "no-such-command").ExpectCode(127);
        Outcome refused = Start("run", _pack, "/etc/passwd").ExpectCode(126);
        Assert.StartsWith("packhorse: ", refused.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(112, "run")]
    [InlineData(112, "run", "PACK")]
    [InlineData(112, "run", "--nonsense", "PACK", "true")]
    [InlineData(112, "shell", "PACK", "more")]
    [InlineData(113, "run", "/nonexistent.tar", "true")]
    [InlineData(114, "run", "/etc/passwd", "true")]
    [InlineData(113, "shell", "/nonexistent.tar")]
    public void What_goes_wrong_before_the_command_is_started_is_told_apart(int code, params string[] arguments)
    {
        CliResult result = Cli.Run([.. arguments.Select(argument => argument == "PACK" ? _pack : argument)]);

        Assert.True(result.ExitCode == code, $"{result.ExitCode}: {result.Error}");
        Assert.StartsWith(
            "packhorse: not started: ",
            result.Error.TrimEnd('\n').Split('\n')[^1],
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Arguments_pass_as_bytes()
    {
        Outcome outcome = new Execution
        {
            Command =
            [
                "/bin/sh",
                "-c",
                "\"$@\" /usr/bin/printf '<%s>' \"it's\" '' \"$(printf 'a\\377b')\" '$HOME'",
                "sh",
                .. Program(),
                "run",
                _pack,
            ],
            Environment = Variables(),
        }
            .Run()
            .ExpectCode(0);

        Assert.Equal("<it's><><a\u00FFb><$HOME>", outcome.Output);
    }

    [Fact]
    public void The_command_has_the_process_the_signals_limits_and_descriptors_of_the_caller()
    {
        const string Probe =
            "echo $PPID; grep -E 'Sig(Blk|Ign)' /proc/self/status; ulimit -n; ulimit -s; umask; ls /proc/self/fd | wc -l";
        string[] direct = ["/bin/sh", "-c", Probe];

        Outcome expected = Trapped(direct);
        Outcome actual = Trapped([.. Program(), "run", _pack, .. direct]);

        Assert.Equal(expected.Output.Split('\n')[1..], actual.Output.Split('\n')[1..]);
        Assert.Contains("SigIgn:\t0000000000000003", actual.Output, StringComparison.Ordinal);

        // INT and HUP ignored, as nohup and background jobs of a shell have them; .NET, which runs this test, ignores SIGPIPE.
        Outcome Trapped(string[] command) =>
            new Execution
            {
                Command =
                [
                    "/usr/bin/env",
                    "--default-signal=PIPE",
                    "/bin/sh",
                    "-c",
                    "trap '' HUP INT; exec \"$@\"",
                    "sh",
                    .. command,
                ],
                Environment = Variables(),
            }
                .Run()
                .ExpectCode(0);
    }

    [Fact]
    public void A_shell_has_the_environment_too()
    {
        Outcome outcome = new Execution
        {
            Command = [.. Program(), "shell", _pack],
            Environment = Variables(),
            Input = "hello shell\nexit 5\n"u8.ToArray(),
        }
            .Run()
            .ExpectCode(5);

        Assert.Contains("hello shell from ", outcome.Output, StringComparison.Ordinal);
    }

    private static string[] Program() => ["/usr/bin/env", "dotnet", PackhorseProcess.Program];

    private Outcome Start(params string[] arguments) =>
        new Execution { Command = [.. Program(), .. arguments], Environment = Variables() }.Run();

    private Dictionary<string, string> Variables() =>
        new()
        {
            ["PATH"] = Environment.GetEnvironmentVariable("PATH")!,
            ["TMPDIR"] = _scratch["scratch"],
            ["HOME"] = _scratch.Root,
            ["DOTNET_NOLOGO"] = "1",
        };
}
