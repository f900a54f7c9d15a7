using System.Runtime.Versioning;
using Packhorse.Tests.SelfExtracting;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Mount;

/// <summary>Commands in a mount on machines and beside programs that are hard on it.</summary>
[SupportedOSPlatform("linux")]
public sealed class HarshMachineTests(MountSandbox sandbox) : IClassFixture<MountSandbox>
{
    private const string Mounted = "(user namespace)";

    // Waits until none of the processes $* is left but as an entry that nobody has collected.
    private const string Gone = """
        gone() {
            i=0; while [ $i -lt 600 ]; do
                left=; for p in "$@"; do grep -qs '^State:.[RSDT]' /proc/$p/status && left="$left $p"; done
                [ -n "$left" ] || break; i=$((i + 1)); sleep 0.1
            done
            echo left:$left
        }

        """;

    [Fact]
    public void A_scratch_directory_without_room_for_the_environment_is_refused_in_words_and_left_empty()
    {
        Outcome outcome = Full("size=2m")
            .Script("$P run --start unpack $I -- true; code=$?; find $TMPDIR -type f; exit $code")
            .ExpectCode(116);

        Assert.Equal("", outcome.Output);
        Assert.Matches("unpacking needs [0-9]+ MB at .* where 2 MB are free", outcome.Error);
        Assert.Contains("hint: free some space", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("packhorse: not started: ", outcome.Error.TrimEnd().Split('\n')[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void In_a_scratch_directory_that_takes_no_more_files_it_mounts_all_the_same(int files)
    {
        // No home, no lock, no place to meet: all that a mount can do without.
        const string Script = "export _CONDOR_SCRATCH_DIR=$TMPDIR; $P run $I -- hello you; $P run $I -- hello me";
        Outcome outcome = Full($"nr_inodes={files}").Script(Script).ExpectCode(0);

        Assert.Matches("^hello you from .*\nhello me from .*\n$", outcome.Output);
        Assert.Equal(2, outcome.Error.Split(Mounted).Length - 1);
        Assert.Contains("warning: there is no home", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_way_that_fails_half_way_leaves_nothing_and_the_next_is_tried()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/fusermount3"), "no fusermount3 on this machine");
        File.WriteAllText(sandbox["fuse.conf"], "mount_max = 0\n");
        var confinement = new Confinement(sandbox)
        {
            Before = $"touch /etc/fuse.conf; mount --bind '{sandbox["fuse.conf"]}' /etc/fuse.conf",
        };

        Outcome outcome = confinement
            .Script("$P run --start fusermount,unpack $I -- where; ls $TMPDIR/packhorse-65534 | grep -- -; true")
            .ExpectCode(0);

        Assert.Matches($"^{sandbox.Temporary}/packhorse-65534/[0-9a-f]{{16}}\n$", outcome.Output);
        Assert.Contains("fusermount3 does not mount here", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("unpacking it: ", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void When_the_server_below_the_image_is_gone_programs_get_errors_and_the_log_says_why()
    {
        Outcome outcome = Far("kill -9 $F; cat $CONDA_PREFIX/share/noise > /dev/null && echo all; echo on")
            .ExpectCode(0);

        Assert.Equal("on\n", outcome.Output);
        Assert.Contains(Mounted, outcome.Error, StringComparison.Ordinal);
        Assert.Contains("cannot read 'far/hello.sqfs'", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("Input/output error", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void When_the_server_below_the_image_hangs_the_job_can_still_be_killed()
    {
        Outcome outcome = Far(
                "kill -STOP $F; touch there; cat $CONDA_PREFIX/share/noise > /dev/null",
                """
                while ! [ -e there ]; do sleep 0.05; done
                set -- $(cat /proc/$R/task/$R/children)
                [ $# = 2 ] || exit 90
                kill -9 $R; gone $R "$@"
                """
            )
            .ExpectCode(0);

        Assert.Equal("left:\n", outcome.Output);
        Assert.Contains(Mounted, outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "strace",
        "strace -f -o $TMPDIR/trace sh -c 'hello you; hello me'; grep -c 'execve(.*/bin/hello' $TMPDIR/trace"
    )]
    [InlineData(
        "gdb",
        "gdb -q -batch -ex 'set startup-with-shell off' -ex run -ex 'info inferiors' --args $CONDA_PREFIX/bin/program 2>&1"
    )]
    public void Programs_in_the_mount_can_be_traced(string tracer, string script)
    {
        Assert.SkipUnless(StockTool.IsInstalled(tracer), $"no {tracer} on this machine");

        Outcome outcome = sandbox.Run("sh", "-c", script).ExpectCode(0);

        string expected = tracer == "strace" ? "^hello you from .*\nhello me from .*\n2\n$" : "exited normally";
        Assert.Matches(expected, outcome.Output);
        Assert.Contains(Mounted, outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Programs_are_started_while_the_server_is_killed_and_nothing_is_left()
    {
        Outcome outcome = new Confinement(sandbox)
            .Script(
                Gone
                    + """
                    cd $TMPDIR; rm -f there
                    $P run $I -- sh -c 'touch there; while :; do program & program & wait; done' & R=$!
                    while ! [ -e there ]; do sleep 0.05; done
                    set -- $(cat /proc/$R/task/$R/children)
                    kill -9 $1; wait $R; echo code $?; gone $R "$@"
                    grep -c fuse.packhorse /proc/self/mountinfo
                    """
            )
            .ExpectCode(1);

        Assert.Equal("code 137\nleft:\n0\n", outcome.Output);
        Assert.Contains("the server of the mount was killed", outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Bus error", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_thousand_short_processes_ten_at_once_all_end_well()
    {
        const string Script = """
            for i in 0 1 2 3 4 5 6 7 8 9; do
                for j in 0 1 2 3 4 5 6 7 8 9; do (for k in 0 1 2 3 4 5 6 7 8 9; do program || echo failed; done) & done
                wait
            done
            echo done
            """;

        Outcome outcome = sandbox.Run("sh", "-c", Script).ExpectCode(0);

        Assert.Equal("done\n", outcome.Output);
        Assert.EndsWith($"{Mounted}\n", outcome.Error, StringComparison.Ordinal);
    }

    private Confinement Full(string options)
    {
        string full = sandbox["full"];
        Directory.CreateDirectory(full);
        return new Confinement(sandbox)
        {
            Before = $"mount -t tmpfs -o mode=1777,{options} none '{full}'",
            Variables = { ["TMPDIR"] = full },
        };
    }

    /// <summary>
    /// Runs in an image that lies in a file system of another server, <c>$F</c>, as on a network; <c>$R</c> is the run.
    /// </summary>
    private Outcome Far(string inside, string meanwhile = "wait $R; exit $?")
    {
        Assert.SkipUnless(StockTool.IsInstalled("squashfuse"), "no squashfuse on this machine");
        string far = sandbox["far.sqfs"];
        StockTool.Run("mksquashfs", sandbox.Image, far, "-quiet", "-no-progress", "-noappend", "-noI", "-noD");
        StockTool.Run("chmod", "a+r", far);
        string script = $$"""
            {{Gone}}
            cd $TMPDIR; rm -rf far there; mkdir far
            squashfuse -f '{{far}}' far & export F=$!
            while ! [ -e far/hello.sqfs ]; do sleep 0.05; done
            $P run far/hello.sqfs -- sh -c '{{inside}}' & R=$!
            {{meanwhile}}
            """;
        // The other server and its mount end with their namespaces.
        return new Confinement(sandbox) { Wrapper = "unshare -Urmpf --mount-proc --kill-child" }.Script(script);
    }
}
