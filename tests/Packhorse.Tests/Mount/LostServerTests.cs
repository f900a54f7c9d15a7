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
