using System.Diagnostics;
using System.Runtime.Versioning;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.SelfExtracting;

/// <summary><c>run</c> and <c>shell</c> of the real file.</summary>
[SupportedOSPlatform("linux")]
public sealed class RunTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly string _file;

    public RunTests()
    {
        _file = SmallPack.MakeExecutable(_scratch.Root);
        Directory.CreateDirectory(_scratch["scratch"]);
    }

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void The_command_runs_with_the_environment_active()
    {
        Outcome outcome = Run("hello", "world").ExpectCode(0);

        string prefix = Prefix();
        Assert.Equal($"hello world from {prefix} with a variable and a script\n", outcome.Output);
        Assert.Equal("", outcome.Error);
        Assert.Equal($"{prefix}\n", Run("where").Output);
    }

    [Fact]
    public void The_environment_is_unpacked_once()
    {
        Run("true").ExpectCode(0);
        File.WriteAllText(Path.Combine(Prefix(), "mine"), "");

        Run("true").ExpectCode(0);

        Assert.True(File.Exists(Path.Combine(Prefix(), "mine")));
        Assert.Equal(
            ["home"],
            Directory.EnumerateDirectories(Store()).Select(Path.GetFileName).Where(name => name!.Length != 16)
        );
    }

    [Fact]
    public void Scratch_of_a_job_comes_before_TMPDIR_and_into_before_both()
    {
        Directory.CreateDirectory(_scratch["job"]);
        Run(("_CONDOR_SCRATCH_DIR", _scratch["job"]), "true").ExpectCode(0);
        Assert.False(Directory.Exists(Store()));
        Assert.Single(Directory.EnumerateDirectories(_scratch["job"]));

        Run(("_CONDOR_SCRATCH_DIR", _scratch["job"]), "--into", _scratch["a/b"], "true").ExpectCode(0);
        Assert.Single(Directory.EnumerateDirectories(_scratch["a/b"]));
    }

    [Theory]
    [InlineData("exit 0", 0)]
    [InlineData("exit 77", 77)]
    [InlineData("kill -TERM $$", 143)]
    [InlineData("kill -KILL $$", 137)]
    public void The_exit_code_is_the_commands_own(string script, int expected) =>
        // Through a shell that tells the number of a signal.
        new Execution
        {
            Command = ["/bin/sh", "-c", $"\"$0\" run -- /bin/sh -c '{script}'", _file],
            Environment = Variables(),
        }
            .Run()
            .ExpectCode(expected);

    [Fact]
    public void A_command_that_is_not_there_is_127_and_one_that_cannot_run_126()
    {
        Run("no-such-command").ExpectCode(127);
        Run(Path.Combine(Prefix(), "share/not-a-program")).ExpectCode(126);
    }

    [Theory]
    [InlineData(112)]
    [InlineData(112, "--nonsense", "true")]
    [InlineData(116, "--into", "/proc/self/fd/x/y", "true")]
    public void What_goes_wrong_before_the_command_is_started_is_told_apart(int code, params string[] arguments)
    {
        // /proc answers ENOENT for root and others alike.
        Outcome outcome = Run(arguments);

        Assert.True(outcome.ExitCode == code || (code == 116 && outcome.ExitCode == 113), outcome.Error);
        Assert.StartsWith(
            "packhorse: not started: ",
            outcome.Error.TrimEnd('\n').Split('\n')[^1],
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_file_that_is_cut_off_is_told_apart_too()
    {
        File.WriteAllBytes(_file, File.ReadAllBytes(_file)[..^1000]);

        Outcome outcome = Run("true").ExpectCode(114);

        Assert.Contains("packhorse: not started: ", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Standard_input_and_arguments_pass_as_they_are()
    {
        Outcome outcome = new Execution
        {
            Command =
            [
                "/bin/sh",
                "-c",
                "\"$0\" run -- /bin/sh -c 'cat; printf \"<%s>\" \"$@\"' x \"it's\" '' \"$(printf 'a\\377b')\" -v -- '$HOME'",
                _file,
            ],
            Environment = Variables(),
            Input = "from outside "u8.ToArray(),
        }
            .Run()
            .ExpectCode(0);

        Assert.Equal("from outside <it's><><a\u00FFb><-v><--><$HOME>", outcome.Output);
    }

    [Fact]
    public void The_command_has_the_signals_limits_and_descriptors_of_the_caller()
    {
        // .NET, which runs this test, ignores SIGPIPE, and passes that on.
        const string Probe =
            "grep -E 'Sig(Blk|Ign)|NoNewPrivs' /proc/self/status; ulimit -n; ulimit -s; umask; ls /proc/self/fd | wc -l";
        string[] direct =
        [
            "/usr/bin/env",
            "--default-signal=PIPE",
            "/bin/bash",
            "-c",
            $"trap '' HUP; /bin/bash -c \"{Probe}\"",
        ];
        string[] through =
        [
            "/usr/bin/env",
            "--default-signal=PIPE",
            "/bin/bash",
            "-c",
            $"trap '' HUP; '{_file}' run -- /bin/bash -c \"{Probe}\"",
        ];

        Outcome expected = new Execution { Command = direct, Environment = Variables() }
            .Run()
            .ExpectCode(0);
        Outcome actual = new Execution { Command = through, Environment = Variables() }
            .Run()
            .ExpectCode(0);

        Assert.Equal(expected.Output, actual.Output);
    }

    [Fact]
    public void The_command_has_the_process_that_was_started()
    {
        Outcome outcome = new Execution
        {
            Command = ["/bin/sh", "-c", "echo $$; exec \"$0\" run -- /bin/sh -c 'echo $$'", _file],
            Environment = Variables(),
        }
            .Run()
            .ExpectCode(0);

        string[] numbers = outcome.Output.TrimEnd().Split('\n');
        Assert.Equal(numbers[0], numbers[1]);
    }

    [Fact]
    public void A_home_that_cannot_be_written_to_is_replaced_and_one_that_can_is_kept()
    {
        const string Show = "echo $HOME $MPLCONFIGDIR";
        Assert.Equal($"{_scratch.Root}\n", Run(("HOME", _scratch.Root), "sh", "-c", Show).Output);
        string home = Path.Combine(Store(), "home");
        Assert.Equal($"{home} {home}/.config/matplotlib\n", Run(("HOME", "/nonexistent"), "sh", "-c", Show).Output);
        Assert.Equal($"{home} {home}/.config/matplotlib\n", Run("sh", "-c", Show).Output);
    }

    [Fact]
    public async Task Several_at_once_share_one_environment()
    {
        Task<Outcome>[] all = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(() => Run("where")))];
        Outcome[] outcomes = await Task.WhenAll(all);

        Assert.All(outcomes, one => Assert.Equal($"{Prefix()}\n", one.ExpectCode(0).Output));
    }

    [Fact]
    public void A_run_that_was_killed_leaves_what_the_next_run_clears()
    {
        int points = Environment.GetEnvironmentVariable("PACKHORSE_FULL") == "1" ? 50 : 10;
        for (int point = 0; point < points; point++)
        {
            using var process = new Process
            {
                StartInfo = new ProcessStartInfo(_file, ["run", "true"]) { RedirectStandardError = true },
            };
            process.StartInfo.Environment["TMPDIR"] = _scratch["scratch"];
            process.StartInfo.Environment.Remove("_CONDOR_SCRATCH_DIR");
            process.Start();
            Thread.Sleep(40 * point / points);
            process.Kill();
            process.WaitForExit();
            // Of what was copied at most this run's own is left.
            Assert.True(Directory.EnumerateDirectories(_scratch["scratch"], ".packhorse-*").Count() <= 1 + point);
        }
        // A child of a killed shell may still be at it.
        Thread.Sleep(300);

        Outcome outcome = Run("where").ExpectCode(0);
        Assert.Equal($"{Prefix()}\n", outcome.Output);
        Assert.Empty(Directory.EnumerateDirectories(_scratch["scratch"], ".packhorse-*"));
    }

    [Fact]
    public void A_store_that_others_may_write_to_is_refused()
    {
        Run("true").ExpectCode(0);
        File.SetUnixFileMode(Store(), (UnixFileMode)0x1FF);

        Outcome outcome = Run("true").ExpectCode(116);

        Assert.Contains("other users may write", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_shell_has_the_environment_too()
    {
        Outcome outcome = new Execution
        {
            Command = [_file, "shell"],
            Environment = Variables(),
            Input = "hello shell\nexit 5\n"u8.ToArray(),
        }
            .Run()
            .ExpectCode(5);

        Assert.Contains(
            $"hello shell from {Prefix()} with a variable and a script",
            outcome.Output,
            StringComparison.Ordinal
        );
    }

    private string Store() => Directory.EnumerateDirectories(_scratch["scratch"], "packhorse-*").FirstOrDefault("none");

    private string Prefix() =>
        Directory.EnumerateDirectories(Store()).Single(path => Path.GetFileName(path).Length == 16);

    private Dictionary<string, string> Variables() =>
        new() { ["PATH"] = "/usr/bin:/bin", ["TMPDIR"] = _scratch["scratch"] };

    private Outcome Run(params string[] arguments) =>
        new Execution { Command = [_file, "run", .. arguments], Environment = Variables() }.Run();

    private Outcome Run((string Name, string Value) variable, params string[] arguments)
    {
        Dictionary<string, string> variables = Variables();
        variables[variable.Name] = variable.Value;
        return new Execution { Command = [_file, "run", .. arguments], Environment = variables }.Run();
    }
}
