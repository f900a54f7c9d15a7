namespace Packhorse.EndToEnd;

/// <summary>The published programs on distributions older and newer than the one that they were linked on.</summary>
public sealed class RootTests(Environments environments)
{
    [Theory]
    [InlineData("bullseye")]
    [InlineData("sid")]
    public void The_self_extracting_file_unpacks_runs_and_verifies(string suite)
    {
        DebianRoot root = DebianRoot.Require(suite);
        Outcome outcome = root.Run(
                Share(),
                """
                sh /mnt/environment.sh -q -o /tmp/out
                ls /tmp/out
                sh /mnt/environment.sh verify >/dev/null && echo verified
                sh /mnt/environment.sh run --into /tmp -- /bin/sh -c 'echo "in ${CONDA_PREFIX%/*}"'
                """
            )
            .Succeeded();
        Assert.Equal("activate.sh\nenv\nverified\nin /tmp/packhorse-0\n", outcome.Output);
    }

    [Theory]
    [InlineData("bullseye")]
    [InlineData("sid")]
    public void The_command_packs_and_unpacks_the_same(string suite)
    {
        DebianRoot root = DebianRoot.Require(suite);
        Outcome outcome = root.Run(
                Share(),
                """
                /mnt/packhorse pack -q -p linux-64 -o /tmp/environment.tar /mnt/channel/relative
                /mnt/packhorse unpack -q -o /tmp/out /tmp/environment.tar
                ls /tmp/out
                """
            )
            .Succeeded();
        Assert.Equal("activate.sh\nenv\n", outcome.Output);
    }

    // What the root gets to see: the programs, the channel and one self-extracting file.
    private string Share()
    {
        string share = environments["share"];
        if (!Directory.Exists(share))
        {
            Directory.CreateDirectory(share);
            File.Copy(Published.Packhorse, Path.Combine(share, "packhorse"));
            Published.Start("cp", ["-rL", environments.Channel.Directory, Path.Combine(share, "channel")]).Succeeded();
            string[] options = ["--create-executable", "-o", Path.Combine(share, "environment.sh")];
            Published.Run(["pack", "-q", environments.Channel.LockFile, .. options]).Succeeded();
        }
        return share;
    }
}
