using System.Runtime.Versioning;
using Packhorse.Tests.SelfExtracting;

namespace Packhorse.Tests.Mount;

/// <summary>Processes that are killed, and images that change while they are used.</summary>
[SupportedOSPlatform("linux")]
public sealed class LostServerTests(MountSandbox sandbox) : IClassFixture<MountSandbox>
{
    // Lets $V be killed while a command reads; then tells of what is left.
    private const string Kill = """
        $P run $I -- sh -c 'touch $TMPDIR/reading; while :; do cat $CONDA_PREFIX/share/noise > /dev/null; done' & P0=$!
        while [ ! -e $TMPDIR/reading ]; do sleep 0.05; done; rm $TMPDIR/reading
        set -- $(cat /proc/$P0/task/$P0/children)
        kill -9 $(eval echo $V); wait $P0 2> /dev/null; echo code $?
        i=0; while [ $i -lt 50 ]; do
            left=; for p in $P0 $1 $2; do grep -qs '^State:.[RSDT]' /proc/$p/status && left="$left $p"; done
            [ -n "$left" ] || break; i=$((i + 1)); sleep 0.1
        done
        echo left:$left; grep -c fuse.packhorse /proc/self/mountinfo
        """;

    [Theory]
    [InlineData("$1", "the server of the mount was killed")]
    [InlineData("$2", "mounted")]
    [InlineData("$P0", "mounted")]
    public void Whichever_process_is_killed_nothing_is_left_and_the_log_says_why(string victim, string said)
    {
        Outcome outcome = new Confinement(sandbox) { Variables = { ["V"] = victim } }.Script(Kill);

        Assert.Equal("code 137\nleft:\n0\n", outcome.Output);
        Assert.Contains(said, outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Bus error", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("(user namespace)", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_image_that_is_cut_while_in_use_gives_errors_of_reading_and_one_sentence()
    {
        string image = sandbox.CopyOfImage("cut.sqfs");
        Outcome outcome = new Confinement(sandbox)
            .Script(
                $"$P run '{image}' -- sh -c 'truncate -s 100000 {image}; cat $CONDA_PREFIX/share/noise > /dev/null; cat $CONDA_PREFIX/share/noise > /dev/null; echo on'"
            )
            .ExpectCode(0);

        Assert.Equal("on\n", outcome.Output);
        Assert.Contains("Input/output error", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(1, Count(outcome.Error, "a program got an error of reading"));
    }

    [Fact]
    public void An_image_that_is_replaced_in_place_gives_no_wrong_bytes()
    {
        string image = sandbox.CopyOfImage("replaced.sqfs");
        Outcome outcome = new Confinement(sandbox)
            .Script(
                $"$P run '{image}' -- sh -c 'dd if=/dev/zero of={image} bs=1M count=4 seek=1 conv=notrunc 2> /dev/null; cat $CONDA_PREFIX/share/noise | wc -c'"
            )
            .ExpectCode(0);

        Assert.True(int.Parse(outcome.Output, System.Globalization.CultureInfo.InvariantCulture) < 5_000_000);
        Assert.Contains("Input/output error", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(1, Count(outcome.Error, "a program got an error of reading"));
    }

    // Of 5 MB that do not get smaller, two are those of another file: what a cache that mixes gives.
    private const string Mix =
        "dd if=/dev/urandom of=$M bs=1M count=2 seek=1 conv=notrunc 2> /dev/null; export _CONDOR_SCRATCH_DIR=$TMPDIR;";

    [Theory]
    [InlineData("cat $CONDA_PREFIX/share/noise > /dev/null", 104, "ended with exit code 1 after")]
    [InlineData("cat $CONDA_PREFIX/share/noise > /dev/null; kill -9 $$", 104, "was ended by signal 9 after")]
    [InlineData("cat $CONDA_PREFIX/share/noise > /dev/null; true", 0, null)]
    [InlineData("cat $CONDA_PREFIX/share/noise > /dev/null; exit 85", 85, null)]
    [InlineData("cat $CONDA_PREFIX/share/zeros > /dev/null; exit 3", 3, null)]
    public void A_command_that_fails_for_a_mixture_ends_with_a_code_of_its_own(string script, int code, string? said)
    {
        string image = sandbox.CopyOfImage("mixed.sqfs");
        Outcome outcome = new Confinement(sandbox) { Variables = { ["M"] = image } }
            .Script($"{Mix} exec $P run $M -- sh -c '{script}'")
            .ExpectCode(code);

        bool isRead = script.Contains("noise", StringComparison.Ordinal);
        string told = outcome.Error.Split('\n').FirstOrDefault(line => line.Contains("error of reading: ")) ?? "";
        Assert.Equal(isRead, told.Contains("mixed.sqfs is mixed with something else: bytes 1,048,576 to 3,145,727 "));
        Assert.Equal(isRead, told.Contains("a cache may have kept parts of an older file of that name"));
        Assert.Equal(said is not null, outcome.Error.Contains("after an error of reading its environment"));
        Assert.Contains(said ?? "", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Who_joined_a_mount_is_told_of_a_mixture_before_and_after()
    {
        string image = sandbox.CopyOfImage("joined.sqfs");
        Outcome outcome = new Confinement(sandbox) { Variables = { ["M"] = image } }.Script(
            $$"""
            {{Mix}} mkdir $TMPDIR/turns; export T=$TMPDIR/turns
            $P run $M -- sh -c 'touch $T/first; while [ ! -e $T/last ]; do sleep 0.05; done; exit 4' & P0=$!
            while [ ! -e $T/first ]; do sleep 0.05; done
            $P run $M -- sh -c 'cat $CONDA_PREFIX/share/noise > /dev/null'; echo second $?
            $P run $M -- sh -c 'exit 5'; echo third $?
            touch $T/last; wait $P0; echo first $?
            """
        );

        Assert.Equal("second 104\nthird 104\nfirst 104\n", outcome.Output);
        Assert.Equal(2, Count(outcome.Error, "joined the mount of this job"));
        Assert.Equal(3, Count(outcome.Error, "joined.sqfs is mixed with something else"));
    }

    [Fact]
    public void A_server_can_be_killed_while_the_kernel_asks_it_for_the_overlay()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/strace"), "no strace on this machine");
        // The server's thread that has read such a request is held: its other thread waits for the answer then.
        Outcome outcome = new Confinement(sandbox).Script(
            """
            strace -f -q -o /dev/null -P /dev/fuse -e trace=read -e inject=read:delay_exit=60000000:when=2+ \
                $P run -q --start namespace $I -- true & S=$!
            for i in $(seq 100); do
                R=$(pgrep -P $S) && V=$(pgrep -P $R) && grep -q request_wait_answer /proc/$V/task/*/wchan && break
                kill -0 $S || break
                sleep 0.05
            done
            grep -c request_wait_answer /proc/$V/task/*/wchan | cut -d: -f2 | sort -n | tail -n 1
            kill -9 $S; kill -9 $V; kill -9 $R
            for i in $(seq 100); do [ -e /proc/$V ] || break; sleep 0.05; done
            [ -e /proc/$V ] && echo left || echo gone
            """
        );
        Assert.SkipWhen(
            outcome.Error.Contains("PTRACE_TRACEME"),
            "no strace on this machine: tracing is not permitted"
        );

        Assert.Equal("1\ngone\n", outcome.Output);
    }

    [Fact]
    public void An_image_that_is_removed_while_in_use_serves_on()
    {
        string image = sandbox.CopyOfImage("removed.sqfs");
        new Confinement(sandbox)
            .Script($"$P run '{image}' -- sh -c 'rm {image}; cmp $CONDA_PREFIX/share/link $CONDA_PREFIX/share/noise'")
            .ExpectCode(0);
    }

    private static int Count(string text, string part) => text.Split(part).Length - 1;
}
