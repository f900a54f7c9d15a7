using System.Text.RegularExpressions;
using Packhorse.TestChannel;

namespace Packhorse.EndToEnd.Condor;

/// <summary>Jobs of a real pool whose environment comes through a real cache.</summary>
public sealed partial class FederatedJobTests(FederatedPool pool, Environments environments)
    : IClassFixture<FederatedPool>
{
    [Fact]
    public void An_environment_is_published_to_the_origin_and_comes_to_the_job_through_the_cache()
    {
        Job job = Init("through");

        job.Run("packhorse", "condor", "submit", "job.sub").Succeeded();
        job.WaitForEnd();

        Assert.Contains("return value 0", job.Text("job.log"), StringComparison.Ordinal);
        Assert.StartsWith("/media/", job.Text("result.txt"), StringComparison.Ordinal);
        Assert.True(pool.HasCached(Path.GetFileName(PathOf(job))));
    }

    [Theory]
    [InlineData("stale", "0-")]
    [InlineData("mixed", "8388608-16777215")]
    public void What_a_cache_has_of_an_older_file_of_that_name_is_not_run(string what, string cached)
    {
        Job job = Init(what);
        string path = PathOf(job);
        string stored = $"{pool.Require().Objects}/chtc{path}";
        Directory.CreateDirectory(Path.GetDirectoryName(stored)!);
        byte[] archive = File.ReadAllBytes(job["environment.sh"]);
        byte[] older = Older();
        // Of another length a cache would serve a mixture that is too short: this one nobody can tell by that.
        Array.Resize(ref older, archive.Length);
        File.WriteAllBytes(stored, older);
        pool.Cache(path, cached);
        File.WriteAllBytes(stored, archive);

        job.Run("condor_submit", "job.sub").Succeeded();
        job.WaitForEnd();

        Assert.Contains("return value 114", job.Text("job.log"), StringComparison.Ordinal);
        Assert.False(File.Exists(job["result.txt"]));
        string error = job.Text("job.*.err");
        Assert.Contains("job.sh: not started: ", error, StringComparison.Ordinal);
        Assert.Contains(what, error, StringComparison.Ordinal);
        string explained = job.Run("packhorse", "condor", "explain", "job.log").Succeeded().Output;
        Assert.Contains("not started: the environment that arrived is", explained, StringComparison.Ordinal);
    }

    private Job Init(string name)
    {
        var job = new Job(pool.Require(), name);
        job.Run("true").Succeeded();
        Pack(job["environment.sh"]);
        job.Write("train.py", "import sys\nopen('result.txt', 'w').write(sys.prefix)\n");
        string[] asked = ["--name", "job", "--output-mb", "16", "--memory", "128 MB", "--output", "result.txt"];
        string[] to = ["--site", "chtc", "--to", $"{CondorPool.StagingInside}/{name}"];
        job.Run(["packhorse", "condor", "init", .. asked, .. to, "--", "python", "train.py"]).Succeeded();
        return job;
    }

    private byte[] Older()
    {
        string file = Path.Combine(Path.GetTempPath(), $"packhorse-e2e-{Guid.NewGuid():N}.sh");
        try
        {
            Pack(file, "--prefix", "/media/p/0123456789ab");
            return File.ReadAllBytes(file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private void Pack(string output, params string[] options) =>
        Published
            .Run([
                .. (string[])["pack", environments.Channel.LockFile, "-q", "--image", "--create-executable"],
                .. (string[])["-o", output, .. options],
            ])
            .Succeeded();

    // Below /chtc, as the submit file has it.
    private static string PathOf(Job job) => Environment().Match(job.Text("job.sub")).Groups["path"].Value;

    [GeneratedRegex(@"osdf:///chtc(?<path>/staging/\S+\.sh)")]
    private static partial Regex Environment();
}
