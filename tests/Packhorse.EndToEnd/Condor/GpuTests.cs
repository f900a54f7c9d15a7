using Packhorse.TestChannel;

namespace Packhorse.EndToEnd.Condor;

/// <summary>What init asks of GPUs, matched with GPUs that the pool advertises and that are not there.</summary>
public sealed class GpuTests(Pool pool) : IDisposable
{
    private readonly DirectoryInfo _scratch = Directory.CreateTempSubdirectory("packhorse-e2e-");

    [Fact]
    public void Only_a_gpu_that_is_new_enough_with_a_driver_that_is_new_enough_is_matched()
    {
        Job job = Init("gpu", "12.9", "9.11.0");
        Assert.Contains("gpus_minimum_runtime = 12.0", job.Text("job.sub"), StringComparison.Ordinal);
        Assert.Contains("gpus_minimum_capability = 7.5", job.Text("job.sub"), StringComparison.Ordinal);
        Assert.Equal("nothing found\n", job.Run("packhorse", "condor", "check", "job.sub").Succeeded().Output);

        job.SubmitAndWait();

        // One at a time has the only GPU that fits, though two others are free.
        string[] nodes = Nodes(job);
        Assert.Equal(3, nodes.Length);
        Assert.All(nodes, node => Assert.Contains("sock=newgpu>", node, StringComparison.Ordinal));
        foreach (string file in Directory.GetFiles(job["."], "job.*.out"))
        {
            Assert.Equal("GPU-newgpu\n", File.ReadAllText(file));
        }
    }

    [Fact]
    public void A_gpu_of_any_age_is_matched_when_the_packages_do_not_tell_and_the_driver_is_new_enough()
    {
        Job job = Init("gpu-any", "12.2", "9.1.0");
        Assert.DoesNotContain("gpus_minimum_capability", job.Text("job.sub"), StringComparison.Ordinal);

        job.SubmitAndWait();

        Assert.All(Nodes(job), node => Assert.DoesNotContain("sock=olddriver>", node, StringComparison.Ordinal));
    }

    public void Dispose() => _scratch.Delete(recursive: true);

    private static string[] Nodes(Job job) =>
        [
            .. job.Text("job.log")
                .Split('\n')
                .Where(line => line.Contains("Job executing on host", StringComparison.Ordinal)),
        ];

    private Job Init(string name, string cuda, string cudnn)
    {
        var job = new Job(pool.Require(), pool.MakeDirectory(name));
        var channel = new ChannelDirectory(Path.Combine(_scratch.FullName, "channel"));
        channel.Add(new PackageBuilder("cuda-version", cuda).DependsOn("__cuda >=12"));
        channel.Add(new PackageBuilder("cudnn", cudnn).AddFile("share/cudnn", "not there\n"));
        string lockFile = channel.WriteLock(Path.Combine(_scratch.FullName, "project"));
        string[] pack = ["pack", lockFile, "-q", "-p", "linux-64", "--image", "--create-executable"];
        Published.Run([.. pack, "-o", job["environment.sh"]]).Succeeded();
        string[] options = ["--name", "job", "--jobs", "3", "--output-mb", "1", "--memory", "64 MB"];
        // Longer than a cycle of negotiation, so that all three are looked at while the first runs.
        string[] command = ["--", "sh", "-c", "echo $CUDA_VISIBLE_DEVICES; sleep 4"];
        job.Run(["packhorse", "condor", "init", .. options, .. command]).Succeeded();
        return job;
    }
}
