using System.Diagnostics;
using System.Runtime.Versioning;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.SelfExtracting;

/// <summary>The real file where names, streams and other processes are in its way.</summary>
[SupportedOSPlatform("linux")]
public sealed class BadSurroundingsTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly string _file;

    public BadSurroundingsTests()
    {
        _file = SmallPack.MakeExecutable(_scratch.Root);
        Directory.CreateDirectory(_scratch["tmp"]);
        Directory.CreateDirectory(_scratch["out"]);
    }

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Two_copies_started_at_once_in_one_directory_both_succeed()
    {
        for (int round = 0; round < 5; round++)
        {
            Outcome[] outcomes = await Task.WhenAll(
                Enumerable.Range(0, 3).Select(_ => Task.Run(() => Run([_file, "-q"])))
            );

            Assert.All(outcomes, outcome => outcome.ExpectCode(0));
            Assert.Equal(["activate.sh", "env"], Listing("out"));
            Assert.Equal($"{_scratch["out/env"]}\n", Run([_scratch["out/env/bin/where"]]).Output);
            Assert.Empty(Listing("tmp"));
            Directory.Delete(_scratch["out/env"], recursive: true);
        }
    }

    [Theory]
    [InlineData("<&-")]
    [InlineData(">&-")]
    [InlineData("2>&-")]
    [InlineData("<&- >&-")]
    [InlineData(">&- 2>&-")]
    [InlineData("<&- 2>&-")]
    public void Streams_may_be_closed_and_nothing_is_written_into_files_instead(string redirections)
    {
        string[] Closed(string command) => ["/bin/sh", "-c", $"'{_file}' {command} {redirections}"];

        Run(Closed("")).ExpectCode(0);
        Run(Closed("run -- sh -c 'exit 9'")).ExpectCode(9);

        Assert.StartsWith("if ! [ -d ", File.ReadAllText(_scratch["out/activate.sh"]), StringComparison.Ordinal);
        Assert.Equal($"#!/bin/sh\necho {_scratch["out/env"]}\n", File.ReadAllText(_scratch["out/env/bin/where"]));
    }

    [Fact]
    public void What_has_data_to_print_fails_when_it_cannot()
    {
        Run(["/bin/sh", "-c", $"'{_file}' inspect >/dev/full"]).ExpectCode(6);
        Run(["/bin/sh", "-c", $"'{_file}' verify >/dev/full"]).ExpectCode(6);
    }

    [Theory]
    [InlineData("with blank")]
    [InlineData("it's \"quoted\" $HOME `x` \\")]
    [InlineData("-dash")]
    [InlineData("*")]
    [InlineData("ünïcode")]
    public void Directories_may_have_any_name(string name)
    {
        // A path that begins with a hyphen itself needs the equals sign.
        Run([_file, $"--output-directory={name}", "-e", "x y"]).ExpectCode(0);
        Outcome activated = Run(["/bin/sh", "-c", $". ./\"$1\"/activate.sh && hello it", "sh", name]).ExpectCode(0);
        Assert.StartsWith($"hello it from {_scratch["out"]}/", activated.Output, StringComparison.Ordinal);

        Outcome run = Run([_file, "run", $"--into={name}/store", "hello", "again"]).ExpectCode(0);
        Assert.StartsWith("hello again from ", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-o", "line\nfeed", 2)]
    [InlineData("-e", "line\nfeed", 2)]
    [InlineData("-e", "..", 2)]
    [InlineData("-e", "a/b", 2)]
    [InlineData("-e", "", 2)]
    public void Names_that_no_prefix_can_have_are_refused_before_anything_is_written(
        string option,
        string name,
        int code
    )
    {
        Outcome outcome = Run([_file, option, name]).ExpectCode(code);

        Assert.StartsWith("error: ", outcome.Error, StringComparison.Ordinal);
        Assert.Empty(Listing("out"));
        Assert.Empty(Listing("tmp"));
    }

    [Fact]
    public void Names_and_paths_that_are_too_long_are_refused_and_long_ones_are_not()
    {
        string component = new('n', 256);
        Assert.DoesNotContain("IO_", Run([_file, "-o", component]).ExpectCode(2).Error, StringComparison.Ordinal);
        Run([_file, "-e", component]).ExpectCode(2);
        Run([_file, "run", "--into", component, "true"]).ExpectCode(112);
        Run([_file, "-o", string.Join('/', Enumerable.Repeat(new string('d', 200), 25))]).ExpectCode(2);
        Assert.Empty(Listing("out"));

        // Longer than 255 bytes as a whole, and than a first line of a script may be.
        string longer = string.Join('/', Enumerable.Repeat(new string('l', 100), 3));
        Run([_file, "-o", longer]).ExpectCode(0);
        Assert.Equal($"{_scratch["out"]}/{longer}/env\n", Run([_scratch[$"out/{longer}/env/bin/where"]]).Output);
        Assert.StartsWith(
            "hello long from ",
            Run([_file, "run", "--into", longer, "hello", "long"]).ExpectCode(0).Output,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void The_file_itself_may_lie_at_a_long_path()
    {
        string directory = _scratch[string.Join('/', Enumerable.Repeat(new string('p', 120), 4))];
        Directory.CreateDirectory(directory);
        string moved = Path.Combine(directory, $"{new string('f', 250)}.sh");
        File.Move(_file, moved);

        Run([moved, "-q"]).ExpectCode(0);

        Assert.Equal(["activate.sh", "env"], Listing("out"));
    }

    [Theory]
    [InlineData("Linux aarch64")]
    [InlineData("Linux ppc64le")]
    [InlineData("Darwin arm64")]
    [InlineData("FreeBSD amd64")]
    public void Another_machine_is_told_before_anything_is_written(string machine)
    {
        string uname = _scratch.Write(
            "bin/uname",
            System.Text.Encoding.ASCII.GetBytes($"#!/bin/sh\necho '{machine}'\n")
        );
        StockTool.Run("chmod", "755", uname);
        foreach ((string verb, int code) in ((string, int)[])[("verify", 7), ("run", 117)])
        {
            Outcome outcome = new Execution
            {
                Command = ["/bin/sh", _file, verb, "true"],
                Directory = _scratch["out"],
                Environment = new() { ["PATH"] = $"{_scratch["bin"]}:/usr/bin:/bin", ["TMPDIR"] = _scratch["tmp"] },
            }
                .Run()
                .ExpectCode(code);

            Assert.Contains(
                $"this environment is for linux-64, this machine is {machine}",
                outcome.Error,
                StringComparison.Ordinal
            );
            Assert.Empty(Listing("tmp"));
        }
    }

    [Fact]
    public void Without_space_for_the_runtime_the_next_directory_is_tried()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "this test becomes other users");
        string little = $"mount -t tmpfs -o size=1m none '{_scratch["tmp"]}' && exec sh '{_file}' -q";

        Run(["/usr/bin/unshare", "-m", "/bin/sh", "-c", little]).ExpectCode(0);

        Assert.Equal(["activate.sh", "env"], Listing("out"));
    }

    [Fact]
    public void A_file_or_a_link_in_the_place_of_the_store_is_refused()
    {
        StockTool.Run("ln", "-s", _scratch["out"], _scratch[$"tmp/packhorse-{UserId}"]);

        Outcome outcome = Run([_file, "run", "true"]);

        Assert.InRange(outcome.ExitCode, 111, 118);
        Assert.Empty(Listing("out"));
    }

    [Fact]
    public void Killed_anywhere_it_leaves_nothing_that_looks_whole_and_the_next_run_completes()
    {
        int points = Environment.GetEnvironmentVariable("PACKHORSE_FULL") == "1" ? 50 : 8;
        long start = Stopwatch.GetTimestamp();
        Run([_file, "-q"]).ExpectCode(0);
        TimeSpan whole = Stopwatch.GetElapsedTime(start);
        Directory.Delete(_scratch["out/env"], recursive: true);
        int killed = 0;
        for (int point = 0; point < points; point++)
        {
            killed += RunAndKill(whole * point / points) ? 1 : 0;
            // The environment appears by one rename, so that it is whole when it is there.
            Assert.True(
                !Directory.Exists(_scratch["out/env"]) || File.Exists(_scratch["out/env/conda-meta/packhorse"]),
                $"half an environment after a kill at {point} of {points}"
            );
            Run([_file, "-q"]).ExpectCode(0);
            Assert.Equal(["activate.sh", "env"], Listing("out"));
            Assert.Equal($"{_scratch["out/env"]}\n", Run([_scratch["out/env/bin/where"]]).Output);
            // The killed run's own copy is known by its process, which is no more.
            Assert.Empty(Listing("tmp"));
            Directory.Delete(_scratch["out/env"], recursive: true);
        }
        Assert.True(killed > 0, "no run was killed before its end");
    }

    private static string UserId =>
        File.ReadLines("/proc/self/status")
            .First(line => line.StartsWith("Uid:", StringComparison.Ordinal))
            .Split('\t')[1];

    private bool RunAndKill(TimeSpan after)
    {
        using var process = new Process
        {
            // A group of its own, as a batch system kills it: the shell and what it has started.
            StartInfo = new ProcessStartInfo("/usr/bin/setsid", ["-w", "/bin/sh", _file, "-q"])
            {
                WorkingDirectory = _scratch["out"],
                RedirectStandardError = true,
            },
        };
        process.StartInfo.Environment.Clear();
        process.StartInfo.Environment["PATH"] = "/usr/bin:/bin";
        process.StartInfo.Environment["TMPDIR"] = _scratch["tmp"];
        process.Start();
        bool ended = process.WaitForExit(after);
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
        return !ended;
    }

    private string[] Listing(string directory) =>
        [
            .. Directory
                .EnumerateFileSystemEntries(_scratch[directory])
                .Select(path => Path.GetFileName(path))
                .Order(StringComparer.Ordinal),
        ];

    private Outcome Run(string[] command) =>
        new Execution
        {
            Command = command,
            Directory = _scratch["out"],
            Environment = new()
            {
                ["PATH"] = "/usr/bin:/bin",
                ["TMPDIR"] = _scratch["tmp"],
                ["HOME"] = _scratch["tmp"],
            },
        }.Run();
}
