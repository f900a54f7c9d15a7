using Packhorse.TestChannel;

namespace Packhorse.EndToEnd.Condor;

/// <summary>Common input files, which HTCondor has since 25: a pool of Debian's release that moves, and of no other test.</summary>
public sealed class CommonFilesTests(Environments environments)
{
    private const int Jobs = 12;

    [Fact]
    public void A_common_environment_is_transferred_once_to_each_node_and_never_changed()
    {
        Assert.SkipUnless(
            Environment.GetEnvironmentVariable("PACKHORSE_FULL") == "1",
            "only by test --full: HTCondor 25"
        );
        using CondorPool pool = Start();
        pool.Run("common", ["true"]);
        var job = new Job(pool, "common");
        string[] pack = ["pack", environments.Channel.LockFile, "-q", "--image", "--create-executable"];
        Published.Run([.. pack, "-o", job["environment.sh"]]).Succeeded();
        string[] options = ["--name", "job", "--jobs", "12", "--output-mb", "1", "--memory", "64 MB", "--common-files"];
        string[] command = ["--", "python", "-c", "import sys, time; time.sleep(5); print(sys.prefix)"];
        string[] to = ["--to", $"{CondorPool.StagingInside}/envs"];
        job.Run(["packhorse", "condor", "init", .. options, .. to, .. command]).Succeeded();
        Assert.Contains("MY.CommonInputFiles = \"osdf:///", job.Text("job.sub"), StringComparison.Ordinal);
        Assert.Equal("nothing found\n", job.Run("packhorse", "condor", "check", "job.sub").Succeeded().Output);

        job.Run("packhorse", "condor", "submit", "job.sub").Succeeded();
        job.WaitForEnd();

        string[] outputs = [.. Directory.GetFiles(job["."], "job.*.out").Select(File.ReadAllText)];
        Assert.Equal(Jobs, outputs.Length);
        Assert.All(outputs, text => Assert.StartsWith("/media/p/", text, StringComparison.Ordinal));
        string[] nodes =
        [
            .. job.Text("job.log")
                .Split('\n')
                .Where(line => line.Contains("Job executing on host", StringComparison.Ordinal))
                .Select(line => line[line.IndexOf("sock=", StringComparison.Ordinal)..].Split('_')[0])
                .Distinct(),
        ];
        Assert.Equal(nodes.Length, pool.Transfers.Count(line => line.StartsWith("get ", StringComparison.Ordinal)));
        Assert.DoesNotContain("\n012 (", job.Text("job.log"), StringComparison.Ordinal);
    }

    private static CondorPool Start()
    {
        try
        {
            return CondorPool.Start(
                new PoolOptions
                {
                    Suite = "sid",
                    Nodes = [new PoolNode("two"), new PoolNode("three")],
                    Programs = new Dictionary<string, string> { ["packhorse"] = Published.Packhorse },
                }
            );
        }
        catch (MissingToolException missing)
        {
            Assert.Skip($"no HTCondor pool: {missing.Message} ({missing.Hint})");
            throw;
        }
    }
}
