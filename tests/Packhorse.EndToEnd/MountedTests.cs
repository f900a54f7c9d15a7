namespace Packhorse.EndToEnd;

/// <summary>
/// A real Python out of an image, as an ordinary user, by the command that people install and by the file that carries the image with it.
/// </summary>
public sealed class MountedTests : IClassFixture<MountedTests.Images>
{
    // Asserted everywhere: which way was taken is in the log and nowhere else.
    private const string ByNamespace = "(user namespace)";

    private readonly Images _images;

    public MountedTests(Images images) => _images = images;

    [Theory]
    [InlineData("$P run $I --")]
    [InlineData("sh $E run --")]
    public void Python_starts_in_the_mount_and_reports_the_prefix(string start)
    {
        const string Code =
            "import sys, ssl, sqlite3, ctypes, tqdm; print(sys.prefix, sqlite3.connect(\":memory:\").execute(\"select 6*7\").fetchone()[0])";

        Outcome outcome = Script($"{start} python -c '{Code}'; {start} tqdm --version").Succeeded();

        Assert.Matches(@"^/media/p/[0-9a-f]{12} 42\n4\.64\.1\n$", outcome.Output);
        Assert.Contains(ByNamespace, outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_written_beside_the_image_nor_left_in_scratch_space()
    {
        Outcome outcome = Script(
                "mkdir $TMPDIR/empty; export TMPDIR=$TMPDIR/empty; $P run $I -- python -c 'import json, pathlib; print(len(list(pathlib.Path(json.__file__).parent.iterdir())))'; find $TMPDIR -type f; ls -A /media"
            )
            .Succeeded();

        Assert.Matches("^[0-9]+\n$", outcome.Output);
        Assert.Contains(ByNamespace, outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Tests_of_a_package_of_its_own_pass_in_the_mount()
    {
        // Documented examples are tests of the standard library: of what they find, read, import and start.
        Outcome outcome = Script(
                "$P run $I -- sh -c 'cd $CONDA_PREFIX/lib/python3.11 && for m in difflib heapq bisect statistics; do python -m doctest $m.py || exit 1; done; "
                    + "python -m tqdm --version; python -m pip check; seq 100 | python -m tqdm --total 100 > /dev/null'"
            )
            .Succeeded();

        Assert.Contains("4.64.1", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("100/100", outcome.Error, StringComparison.Ordinal);
        Assert.Contains(ByNamespace, outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_installed_by_pip_lands_in_scratch_space()
    {
        const string MakeWheel = """
            import zipfile
            name, record = "extra-1.0", []
            with zipfile.ZipFile("extra-1.0-py3-none-any.whl", "w") as wheel:
                wheel.writestr("extra.py", "answer = 42\n")
                wheel.writestr(f"{name}.dist-info/METADATA", "Metadata-Version: 2.1\nName: extra\nVersion: 1.0\n")
                wheel.writestr(f"{name}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
                wheel.writestr(f"{name}.dist-info/RECORD", "")
            """;
        File.WriteAllText(_images["make.py"], MakeWheel);

        Outcome outcome = Script(
                $"cd $TMPDIR && $P run --writable $I -- sh -c 'python {_images["make.py"]} && "
                    + "python -m pip -q --disable-pip-version-check install --no-index --no-deps ./extra-1.0-py3-none-any.whl && "
                    + "python -c \"import extra; print(extra.answer, extra.__file__)\"'; rm -f *.whl"
            )
            .Succeeded();

        Assert.Matches(@"^42 /media/p/[0-9a-f]{12}/lib/python3.11/site-packages/extra.py\n$", outcome.Output);
    }

    [Fact]
    public void What_a_program_reads_is_recorded_and_packed_to_be_read_first()
    {
        Script("$P record -o $TMPDIR/usage.json $I -- python -c 'import json, ssl'").Succeeded();
        string packed = _images["recorded.sqfs"];
        Published
            .Run([
                .. Images.PackArguments(_images.LockFile, packed),
                "--record-from",
                Path.Combine(_images["tmp"], "usage.json"),
            ])
            .Succeeded();
        _images.LetAllRead();

        Outcome outcome = Script($"$P run {packed} -- python -c 'import json; print(json.dumps(1))'").Succeeded();

        Assert.Equal("1\n", outcome.Output);
        Assert.Contains(ByNamespace, outcome.Error, StringComparison.Ordinal);
        string inspected = Published.Run("inspect", "--json", packed).Succeeded().Output;
        Assert.Matches("\"hot_set_bytes\": ?[1-9][0-9]{5}", inspected);
        // The kernel gets it without anybody having asked for it in the mount; what asked for it is gone then.
        const string Wait =
            "for i in $(seq 600); do pages=$(fincore -n -b -o pages $CONDA_PREFIX/bin/python3.11); "
            + "[ $pages -gt 0 ] && ! pgrep -f mount-read-[a]head > /dev/null && exit 0; sleep 0.1; done; exit 1";
        Script($"$P run {packed} -- sh -c '{Wait}'").Succeeded();
    }

    [Fact]
    public void When_memory_runs_out_the_command_is_killed_and_not_its_file_system()
    {
        using var limit = new MemoryLimit(256 << 20);

        Outcome outcome = Script("$P run $I -- python -c 'x = bytearray(1 << 30)'", limit.Enter);

        Assert.Equal(137, outcome.ExitCode);
        Assert.Contains(ByNamespace, outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("server", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void When_the_server_has_no_memory_left_the_log_says_so_and_the_command_ends()
    {
        // Less than the blocks that it keeps: of what it does not have yet.
        using var limit = new MemoryLimit(2 << 20);
        string starve =
            "rm -f $TMPDIR/server $TMPDIR/starved; (while ! [ -e $TMPDIR/server ]; do sleep 0.05; done; "
            + $"server=$(cut -d' ' -f1 $TMPDIR/server); {limit.Put("$server")}; touch $TMPDIR/starved) &";
        const string Command =
            "cat /proc/$PPID/task/$PPID/children > $TMPDIR/new; mv $TMPDIR/new $TMPDIR/server; "
            + "while ! [ -e $TMPDIR/starved ]; do sleep 0.05; done; find $CONDA_PREFIX -type f -exec cat {} + > /dev/null";

        Outcome outcome = Script($"$P run $I -- sh -c '{Command}; sleep 60'", starve);

        Assert.Equal(137, outcome.ExitCode);
        Assert.Contains(ByNamespace, outcome.Error, StringComparison.Ordinal);
        Assert.Contains(
            "the server of the mount was killed, perhaps for want of memory",
            outcome.Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_second_shell_enters_what_runs()
    {
        Outcome outcome = Script(
                """
                $P run -q $I -- sh -c 'touch $TMPDIR/there; exec sleep 30' & run=$!
                trap 'kill $run; rm $TMPDIR/there' EXIT
                while ! [ -e $TMPDIR/there ]; do sleep 0.05; done
                $P enter -- python -c 'import sys; print(sys.prefix)'
                """
            )
            .Succeeded();

        Assert.Matches(@"^/media/p/[0-9a-f]{12}\n$", outcome.Output);
    }

    // As user 65534, in a mount namespace in which everybody may use /dev/fuse, with next to nothing in its environment.
    private Outcome Script(string script, string before = "true")
    {
        Assert.SkipUnless(Environment.UserName == "root", "this test becomes other users and mounts: only as root");
        string device = Path.Combine(_images["dev"], "fuse");
        string prepare =
            $"set -e; {before}\n mount -t tmpfs -o mode=755 none '{_images["dev"]}'; mknod -m 666 '{device}' c 10 229; "
            + $"mount --bind '{device}' /dev/fuse; cd /; exec setpriv --reuid=65534 --regid=65534 --clear-groups /bin/sh -ec \"$1\"";
        var variables = new Dictionary<string, string>
        {
            ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin",
            ["TMPDIR"] = _images["tmp"],
            ["P"] = _images["packhorse"],
            ["I"] = _images["environment.sqfs"],
            ["E"] = _images["environment.sh"],
        };
        // Whatever is left running keeps the test waiting, but not for ever.
        return Published.Start(
            "/usr/bin/timeout",
            ["60", "/usr/bin/unshare", "--mount", "/bin/sh", "-c", prepare, "sh", script],
            variables
        );
    }

    /// <summary>One image bare and one in a self-extracting file, where everybody can read them.</summary>
    public sealed class Images : IDisposable
    {
        private readonly DirectoryInfo _scratch = Directory.CreateTempSubdirectory("packhorse-mounted-");

        public Images(Environments environments)
        {
            LockFile = environments.Channel.LockFile;
            Directory.CreateDirectory(this["tmp"]);
            Directory.CreateDirectory(this["dev"]);
            Published.Run(PackArguments(LockFile, this["environment.sqfs"])).Succeeded();
            Published
                .Run([.. PackArguments(LockFile, this["environment.sh"]), "--image", "--create-executable"])
                .Succeeded();
            File.Copy(Published.Packhorse, this["packhorse"]);
            LetAllRead();
            Published.Start("chmod", ["1777", this["tmp"]]).Succeeded();
        }

        public string LockFile { get; }

        public string this[string relative] => Path.Combine(_scratch.FullName, relative);

        public static string[] PackArguments(string lockFile, string output) =>
            ["pack", lockFile, "-o", output, "--pyc", "on", "-q"];

        public void LetAllRead() => Published.Start("chmod", ["-R", "a+rX", _scratch.FullName]).Succeeded();

        public void Dispose() => _scratch.Delete(recursive: true);
    }
}
