using System.Runtime.Versioning;
using Packhorse.Tests.SelfExtracting;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Mount;

/// <summary>Commands in a mounted image, by the published runtime, as a user without any rights.</summary>
[SupportedOSPlatform("linux")]
public sealed class MountedRunTests(MountSandbox sandbox) : IClassFixture<MountSandbox>
{
    private const string Mounted = "(user namespace)";

    [Fact]
    public void A_command_runs_in_the_environment_and_the_log_says_how()
    {
        Outcome outcome = sandbox.Run("hello", "you").ExpectCode(0);

        Assert.Matches(@"^hello you from /media/p/[0-9a-f]{12} with a variable\n$", outcome.Output);
        Assert.Matches(@"^packhorse: mounted default-[0-9a-f]{8} in \d+ ms \(user namespace\)\n$", outcome.Error);
    }

    [Fact]
    public void The_job_keeps_its_user_and_groups_and_gets_no_capability()
    {
        Outcome outcome = sandbox
            .Run("sh", "-c", "id -u; id -g; grep -E '^Cap(Inh|Prm|Eff|Amb)|^Groups' /proc/self/status")
            .ExpectCode(0);

        Assert.StartsWith("65534\n65534\n", outcome.Output, StringComparison.Ordinal);
        // Seen from inside the other group has no number of its own, but it counts.
        Assert.Matches(@"Groups:\t65534 65534 \n", outcome.Output);
        Assert.Equal(
            4,
            outcome.Output.Split('\n').Count(line => line.EndsWith("\t0000000000000000", StringComparison.Ordinal))
        );
        Assert.Contains(Mounted, outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_mount_is_read_only_without_devices_and_set_user_ids_and_nobody_else_sees_it()
    {
        Outcome outcome = new Confinement(sandbox)
            .Script(
                "$P run $I -- sh -c 'grep /media/ /proc/self/mountinfo; touch $CONDA_PREFIX/x; sleep 1' & sleep 0.5; ls -A /media; wait"
            )
            .ExpectCode(0);

        Assert.Matches(@" /media/p/[0-9a-f]{12} ro,nosuid,nodev,relatime[ ,]", outcome.Output);
        Assert.Matches(@" /media/p/[0-9a-f]{12}/image ro,nosuid,nodev,relatime .* fuse.packhorse ", outcome.Output);
        Assert.Contains("Read-only file system", outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("\np\n", outcome.Output, StringComparison.Ordinal);
        Assert.Contains(Mounted, outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void All_of_it_is_one_device_and_the_kernel_itself_says_that_files_are_no_terminals()
    {
        Outcome outcome = new Confinement(sandbox)
            .Script(
                """
                $P run $I -- sh -c '
                    find $CONDA_PREFIX -printf "%D\n" | sort -u | wc -l
                    find $CONDA_PREFIX -xdev | wc -l; find $CONDA_PREFIX | wc -l
                    stat -f -c %T $CONDA_PREFIX
                '
                """
            )
            .ExpectCode(0);

        string[] lines = outcome.Output.TrimEnd().Split('\n');
        Assert.Equal("1", lines[0]);
        Assert.Equal(lines[1], lines[2]);
        Assert.Equal("overlayfs", lines[3]);
    }

    [Fact]
    public void The_mounted_tree_is_what_a_stock_tool_reads()
    {
        string unpacked = sandbox["unpacked"];
        StockTool.Run("unsquashfs", "-quiet", "-no-progress", "-dest", unpacked, sandbox.Image);
        StockTool.Run("chmod", "-R", "a+rX", unpacked);

        Outcome outcome = sandbox
            .Run("sh", "-c", $"diff -r --no-dereference $CONDA_PREFIX '{unpacked}' && ls -R $CONDA_PREFIX | wc -l")
            .ExpectCode(0);

        Assert.True(
            int.Parse(outcome.Output, System.Globalization.CultureInfo.InvariantCulture) > MountSandbox.ManyFiles
        );
        Assert.Contains(Mounted, outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("exit 7", 7)]
    [InlineData("kill -SEGV $$", 139)]
    [InlineData("kill -KILL $$", 137)]
    public void Exit_codes_are_the_commands_own(string script, int expected)
    {
        Outcome outcome = sandbox.Run("sh", "-c", script).ExpectCode(expected);
        Assert.Contains(Mounted, outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Commands_that_cannot_be_started_are_told_of_as_a_shell_does()
    {
        Assert.Contains("not found", sandbox.Run("no-such-command").ExpectCode(127).Error, StringComparison.Ordinal);
        sandbox.Run("/etc/passwd").ExpectCode(126);
    }

    [Fact]
    public void Signals_are_passed_on_once()
    {
        const string Command =
            "trap 'echo term >> $TMPDIR/signals' TERM; trap 'exit 5' USR1; touch $TMPDIR/ready; while :; do sleep 0.05; done";
        Outcome outcome = new Confinement(sandbox)
            .Script(
                $$"""
                rm -f $TMPDIR/signals $TMPDIR/ready
                $P run $I -- sh -c '{{Command.Replace("'", "'\\''", StringComparison.Ordinal)}}' &
                while [ ! -e $TMPDIR/ready ]; do sleep 0.05; done
                kill -TERM $!; sleep 0.5; kill -USR1 $!
                wait $!; echo code $?; cat $TMPDIR/signals
                """
            )
            .ExpectCode(0);

        Assert.Equal("code 5\nterm\n", outcome.Output);
    }

    [Fact]
    public void What_a_terminal_sends_to_all_reaches_the_command_once_and_ends_it()
    {
        // A pseudoterminal types Ctrl-C: both processes get the signal from the kernel.
        Outcome outcome = new Confinement(sandbox)
            .Script(
                """
                rm -f $TMPDIR/int
                (sleep 1.5; printf '\003'; sleep 1) | script -qec "exec $P run -q $I -- sh -c 'trap \"echo int >> $TMPDIR/int; exit 9\" INT; while :; do sleep 0.05; done'" /dev/null
                echo code $?; cat $TMPDIR/int
                """
            )
            .ExpectCode(0);

        Assert.EndsWith(
            "code 9\nint\n",
            outcome.Output.Replace("\r", "", StringComparison.Ordinal),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void When_the_command_stops_the_first_process_stops_and_both_go_on()
    {
        Outcome outcome = new Confinement(sandbox)
            .Script(
                """
                $P run -q $I -- sh -c 'kill -STOP $$; echo went on; exit 4' & P0=$!
                sleep 1; cut -d' ' -f3 /proc/$P0/stat; kill -CONT $P0; wait $P0; echo code $?
                """
            )
            .ExpectCode(0);

        Assert.Equal("T\nwent on\ncode 4\n", outcome.Output);
    }

    [Fact]
    public void Standard_input_and_output_are_the_commands_own()
    {
        Outcome outcome = new Confinement(sandbox)
            .Script("echo one | $P run -q $I -- sh -c 'cat; exec >&-; sleep 1' | { cat; echo end; }")
            .ExpectCode(0);

        Assert.Equal("one\nend\n", outcome.Output);
        Assert.Equal("", outcome.Error);
    }

    [Fact]
    public void A_thousand_open_files_and_two_hundred_processes_are_served()
    {
        const string Script = """
            cd $CONDA_PREFIX/share/many
            i=0; while [ $i -lt 200 ]; do (cat 0$((1000 + i)) > /dev/null && hello $i > /dev/null) & i=$((i + 1)); done; wait
            tail -q -n 1 0[0-9]*0 | awk '{ s += $1; n++ } END { print n, s }'
            ls | wc -l
            cat $CONDA_PREFIX/share/dddd*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/deep
            """;
        Outcome outcome = sandbox.Run("sh", "-c", Script).ExpectCode(0);

        Assert.Equal("1000 4995000\n10000\ndeep\n", outcome.Output);
        Assert.Contains(Mounted, outcome.Error, StringComparison.Ordinal);
    }
}
