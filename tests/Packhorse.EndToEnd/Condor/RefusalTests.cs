namespace Packhorse.EndToEnd.Condor;

/// <summary>What cannot work on this machine or in this pool is said before anything is written or submitted.</summary>
public sealed class RefusalTests(Pool pool, Environments environments) : IDisposable
{
    private readonly DirectoryInfo _scratch = Directory.CreateTempSubdirectory("packhorse-e2e-");

    [Fact]
    public void Common_files_are_refused_in_a_pool_that_would_start_jobs_without_them()
    {
        var job = new Job(pool.Require(), pool.MakeDirectory("common-refused"));
        Pack(job["environment.sh"]);

        Outcome init = job.Run("packhorse", "condor", "init", "--name", "job", "--common-files", "--", "true");

        Assert.Equal(7, init.ExitCode);
        Assert.Contains("common input files need HTCondor 25", init.Error, StringComparison.Ordinal);
        Assert.Contains("here it is 23.", init.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(job["job.sub"]));
    }

    [Fact]
    public void Submitting_without_the_tools_of_a_pool_says_where_they_are()
    {
        string file = Path.Combine(_scratch.FullName, "job.sub");
        File.WriteAllText(file, "executable = /bin/true\nlog = job.log\nqueue\n");
        var nothing = new Dictionary<string, string> { ["PATH"] = _scratch.FullName };

        Outcome submit = Published.Start(Published.Packhorse, ["condor", "submit", file], nothing);

        Assert.Equal(3, submit.ExitCode);
        Assert.Contains("there is no condor_submit on this machine", submit.Error, StringComparison.Ordinal);
        Assert.Contains("access point", submit.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_dry_run_with_a_url_fetches_nothing_and_says_how_to_bring_a_copy()
    {
        var job = new Job(pool.Require(), pool.MakeDirectory("url-alone"));
        const string url = "osdf:///chtc/staging/a/alice/envs/gpu-3f1c09ab.sh";

        Outcome init = job.Run("packhorse", "condor", "init", "--dry-run", url, "--", "true");

        Assert.Equal(3, init.ExitCode);
        Assert.Contains($"packhorse fetch {url}", init.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _scratch.Delete(recursive: true);

    private void Pack(string output) =>
        Published
            .Run(["pack", environments.Channel.LockFile, "-q", "--image", "--create-executable", "-o", output])
            .Succeeded();
}
