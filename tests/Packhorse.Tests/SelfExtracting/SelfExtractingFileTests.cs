using System.Runtime.Versioning;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.SelfExtracting;

/// <summary>The real file, run by real shells.</summary>
[SupportedOSPlatform("linux")]
public sealed class SelfExtractingFileTests : IDisposable
{
    private static readonly string[] Cut = ["is cut off", "yntax error", "unexpected end of file", "nterminated"];

    private readonly ScratchDirectory _scratch = new();
    private readonly string _file;

    public SelfExtractingFileTests()
    {
        _file = SmallPack.MakeExecutable(_scratch.Root);
        Directory.CreateDirectory(_scratch["tmp"]);
        Directory.CreateDirectory(_scratch["out"]);
    }

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void It_is_executable_by_everybody_whom_the_umask_lets() =>
        Assert.Equal(
            UnixFileMode.UserExecute | UnixFileMode.UserRead | UnixFileMode.UserWrite,
            File.GetUnixFileMode(_file) & (UnixFileMode.UserExecute | UnixFileMode.UserRead | UnixFileMode.UserWrite)
        );

    [Theory]
    [InlineData("")]
    [InlineData("dash")]
    [InlineData("bash")]
    [InlineData("busybox sh")]
    public void It_unpacks_with_every_shell_and_leaves_nothing_behind(string shell)
    {
        RequireShell(shell);

        Run(shell, []).ExpectCode(0);

        AssertUnpacked();
        Assert.Empty(Directory.EnumerateFileSystemEntries(_scratch["tmp"]));
    }

    [Theory]
    [InlineData("dash")]
    [InlineData("bash")]
    [InlineData("busybox sh")]
    public void It_needs_no_permission_to_be_executed_and_no_variables(string shell)
    {
        RequireShell(shell);
        File.SetUnixFileMode(_file, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        string[] command = [.. Interpreter(shell), _file, "-q"];

        Outcome outcome = new Execution
        {
            Command = command,
            Environment = new() { ["PATH"] = "" },
            Directory = _scratch["out"],
        }
            .Run()
            .ExpectCode(0);

        Assert.Equal("", outcome.Error);
        AssertUnpacked();
    }

    [Fact]
    public void A_second_run_into_the_same_directory_succeeds_and_keeps_what_is_there()
    {
        Run("", []).ExpectCode(0);

        Assert.Contains(
            "2 of 2 packages were there already",
            Run("", []).ExpectCode(0).Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Options_are_those_of_pixi_unpack()
    {
        Run("", ["-o", _scratch["elsewhere"], "-e", "custom", "-s", "zsh", "-v"]).ExpectCode(0);

        Assert.True(File.Exists(_scratch["elsewhere/custom/bin/where"]));
        Assert.True(File.Exists(_scratch["elsewhere/activate.sh"]));
        Assert.Contains("--output-directory", Run("", ["-h"]).ExpectCode(0).Output, StringComparison.Ordinal);
        Assert.StartsWith("Packhorse ", Run("", ["--version"]).ExpectCode(0).Output, StringComparison.Ordinal);
        Run("", ["--nonsense"]).ExpectCode(2);
        Run("", ["surplus"]).ExpectCode(2);
    }

    [Theory]
    [InlineData("name with blanks.sh")]
    [InlineData("it's \"quoted\" $HOME `x` \\n.sh")]
    [InlineData("line\nfeed.sh")]
    public void The_file_may_have_any_name(string name)
    {
        string renamed = _scratch[name];
        File.Move(_file, renamed);

        new Execution { Command = [renamed], Directory = _scratch["out"] }
            .Run()
            .ExpectCode(0);

        AssertUnpacked();
    }

    [Fact]
    public void The_name_may_begin_with_a_hyphen()
    {
        File.Move(_file, _scratch["out/-x.sh"]);

        new Execution { Command = ["/bin/sh", "--", "-x.sh"], Directory = _scratch["out"] }
            .Run()
            .ExpectCode(0);

        AssertUnpacked();
    }

    [Fact]
    public void From_a_pipe_it_is_refused_and_nothing_is_written()
    {
        Outcome outcome = new Execution
        {
            Command = ["/bin/sh", "-s"],
            Directory = _scratch["out"],
            Input = File.ReadAllBytes(_file),
        }
            .Run()
            .ExpectCode(2);

        Assert.Contains("cannot run from a pipe", outcome.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_scratch["out"]));
    }

    [Fact]
    public void Every_kind_of_prefix_is_refused_before_anything_is_written()
    {
        byte[] whole = File.ReadAllBytes(_file);
        int[] lengths =
        [
            .. Enumerable.Range(12, 40).Select(i => i * 40),
            2600,
            4000,
            8191,
            8192,
            8193,
            100_000,
            whole.Length - 20_000,
            whole.Length - 513,
            whole.Length - 16,
            whole.Length - 2,
            whole.Length - 1,
        ];
        foreach (int length in lengths)
        {
            File.WriteAllBytes(_file, whole[..length]);
            Outcome outcome = Run("", []);
            Assert.True(outcome.ExitCode != 0, $"a prefix of {length} bytes succeeded");
            Assert.True(Cut.Any(outcome.Error.Contains), $"{length}: {outcome.Error}");
            Assert.Empty(Directory.EnumerateFileSystemEntries(_scratch["tmp"]));
            Assert.Empty(Directory.EnumerateFileSystemEntries(_scratch["out"]));
        }
        Assert.Equal(4, Run("", []).ExitCode);
    }

    [Theory]
    [InlineData(300)]
    [InlineData(8192 + 5000)]
    [InlineData(8192 + 2_000_000)]
    [InlineData(-3000)]
    public void A_bit_flipped_anywhere_is_noticed(int at)
    {
        byte[] whole = File.ReadAllBytes(_file);
        whole[at < 0 ? whole.Length + at : at] ^= 1;
        File.WriteAllBytes(_file, whole);

        Outcome outcome = Run("", ["verify"]);

        Assert.NotEqual(0, outcome.ExitCode);
        Assert.NotEqual("", outcome.Error);
        Assert.False(Directory.Exists(_scratch["out/env"]));
    }

    [Fact]
    public void Verify_and_inspect_write_nothing()
    {
        Assert.Contains("are what they should be", Run("", ["verify"]).ExpectCode(0).Output, StringComparison.Ordinal);
        Assert.Contains("hello", Run("", ["inspect"]).ExpectCode(0).Output, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_scratch["out"]));
    }

    [Fact]
    public void Standard_streams_may_be_closed()
    {
        new Execution { Command = ["/bin/sh", "-c", $"{_file} -o {_scratch["out"]} <&- >&- 2>&-"] }
            .Run()
            .ExpectCode(0);

        AssertUnpacked();
        // Nothing that was meant for a closed stream went into a file.
        Assert.StartsWith("if ! [ -d ", File.ReadAllText(_scratch["out/activate.sh"]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_copy_that_a_killed_run_left_is_removed_by_the_next()
    {
        string boot = File.ReadAllText("/proc/sys/kernel/random/boot_id").Split('-')[0];
        string left = _scratch.Write($"tmp/.packhorse-{boot}-4194999-abc/runtime", "left"u8);
        string running = _scratch.Write($"tmp/.packhorse-{boot}-{Environment.ProcessId}-abc/runtime", "in use"u8);
        string elsewhere = _scratch.Write("tmp/.packhorse-00000000-4194999-abc/runtime", "another machine"u8);

        Run("", []).ExpectCode(0);

        Assert.False(Directory.Exists(Path.GetDirectoryName(left)));
        Assert.True(File.Exists(running));
        Assert.True(File.Exists(elsewhere));
    }

    [Fact]
    public void The_tar_can_be_taken_out_with_tail()
    {
        string line = File.ReadLines(_file)
            .First(line => line.StartsWith("# The tar alone: ", StringComparison.Ordinal));
        string recipe = line["# The tar alone: ".Length..].Replace("FILE", $"'{_file}'", StringComparison.Ordinal);

        string listed = StockTool.Run("sh", "-c", $"{recipe} | tar tf -");

        Assert.Contains("channel/linux-64/hello-1.0-h0_0.conda", listed, StringComparison.Ordinal);
        Assert.StartsWith("pixi-pack.json", listed, StringComparison.Ordinal);
    }

    [Fact]
    public void The_runtime_of_a_site_is_used_instead_of_a_copy()
    {
        // Where no copy can be made.
        Outcome outcome = new Execution
        {
            Command = [_file],
            Directory = _scratch["out"],
            Environment = new()
            {
                ["PATH"] = "/usr/bin:/bin",
                ["PACKHORSE_RUNTIME"] = SmallPack.Runtime,
                ["TMPDIR"] = "/proc",
            },
        }
            .Run()
            .ExpectCode(0);

        Assert.Contains("Finished unpacking", outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/bin/false")]
    [InlineData("/nonexistent/runtime")]
    [InlineData("/etc/passwd")]
    public void A_runtime_that_was_named_and_cannot_be_used_is_told_and_passed_over(string runtime)
    {
        Outcome outcome = new Execution
        {
            Command = [_file, "-q"],
            Directory = _scratch["out"],
            Environment = new() { ["PACKHORSE_RUNTIME"] = runtime, ["TMPDIR"] = _scratch["tmp"] },
        }
            .Run()
            .ExpectCode(0);

        AssertUnpacked();
        Assert.StartsWith(
            $"warning: PACKHORSE_RUNTIME is not used: {runtime} ",
            outcome.Error,
            StringComparison.Ordinal
        );
        Assert.Single(outcome.Error.TrimEnd('\n').Split('\n'));
    }

    private void AssertUnpacked()
    {
        Assert.Contains(_scratch["out/env"], File.ReadAllText(_scratch["out/env/bin/where"]), StringComparison.Ordinal);
        Assert.True(File.Exists(_scratch["out/activate.sh"]));
    }

    private static void RequireShell(string shell) =>
        Assert.SkipUnless(
            shell.Length == 0 || File.Exists($"/bin/{shell.Split(' ')[0]}"),
            $"no {shell} on this machine"
        );

    private static string[] Interpreter(string shell) =>
        shell.Length == 0 ? [] : [$"/bin/{shell.Split(' ')[0]}", .. shell.Split(' ')[1..]];

    private Outcome Run(string shell, string[] arguments) =>
        new Execution
        {
            Command = [.. Interpreter(shell), _file, .. arguments],
            Directory = _scratch["out"],
            Environment = new() { ["PATH"] = "/usr/bin:/bin", ["TMPDIR"] = _scratch["tmp"] },
        }.Run();
}
