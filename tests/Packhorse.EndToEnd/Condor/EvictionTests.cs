using System.Text.RegularExpressions;
using Packhorse.TestChannel;

namespace Packhorse.EndToEnd.Condor;

/// <summary>Nodes that take a job's slot away, or have no space for it.</summary>
public sealed partial class EvictionTests(Pool pool, Environments environments)
{
    private const string Run = "exec sh \"./$archive\" run";

    // Stopped for good when something of the environment is there, and not all of it.
    private const string StopHalfWay = """
        if grep -q '^NumJobStarts = 0' "$_CONDOR_JOB_AD"; then
            sh "./$archive" run --start unpack -- true &
            until [ -n "$(find . -path '*/lib/python3*' -name '*.py' | head -n 1)" ]; do :; done
            kill -STOP $!
            echo half way >&2
            wait
        fi
        exec sh "./$archive" run
        """;

    private const string ElsewhereTheSecondTime =
        "requirements = regexp(NumJobStarts == 0 ? \"@oldgpu@\" : \"@newgpu@\", TARGET.Name)";

    [Fact]
    public void A_job_that_is_evicted_in_the_middle_of_unpacking_starts_anew_elsewhere_and_brings_back_nothing_half_made()
    {
        Job job = Init("evicted");
        job.Replace("job.sh", "--start \"$start\" -- ", "--start unpack -- ");
        job.Replace("job.sh", Run, StopHalfWay);
        job.Edit("job.sub", "requirements", ElsewhereTheSecondTime);
        string number = job.Run("condor_submit", "-terse", "job.sub").Succeeded().Output.Split(' ')[0];
        job.WaitFor("job.*.err", "half way");

        job.Run("condor_vacate_job", "-fast", number).Succeeded();
        job.WaitForEnd();

        string log = job.Text("job.log");
        Assert.Contains("Job was evicted", log, StringComparison.Ordinal);
        Assert.Equal(["oldgpu", "newgpu"], Scratch().Matches(log).Select(match => match.Groups["node"].Value));
        Assert.Contains("return value 0", log, StringComparison.Ordinal);
        Assert.StartsWith("/var/lib/condor/execute", job.Text("result.txt"), StringComparison.Ordinal);
        Assert.Equal(
            [
                "environment.sh",
                "interact.sh",
                "job.README.md",
                "job.log",
                "job.sh",
                "job.sub",
                "result.txt",
                "submit.sh",
                "train.py",
            ],
            Directory
                .GetFileSystemEntries(job["."])
                .Select(path => Path.GetFileName(path))
                .Where(name =>
                    !name.EndsWith(".out", StringComparison.Ordinal) && !name.EndsWith(".err", StringComparison.Ordinal)
                )
                .Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void A_job_that_ends_with_85_is_started_again_with_its_checkpoint()
    {
        Job job = Init("checkpoint", "--checkpoint", "count.txt");
        job.Write(
            "train.py",
            """
            import os, sys
            count = int(open("count.txt").read()) if os.path.exists("count.txt") else 0
            print("begins at", count, flush=True)
            open("count.txt", "w").write(str(count + 1))
            if count < 2:
                sys.exit(85)
            open("result.txt", "w").write("done at %d" % count)
            """
        );

        job.Run("condor_submit", "job.sub").Succeeded();
        job.WaitForEnd();

        Assert.Equal("done at 2", job.Text("result.txt"));
        Assert.Equal("begins at 0\nbegins at 1\nbegins at 2\n", job.Text("job.*.out"));
    }

    [Fact]
    public void A_node_that_has_less_space_than_it_says_is_told_and_nothing_is_left_half_made()
    {
        Job job = Init("no-space");
        // As when somebody else fills the disk after the match.
        job.Replace("job.sh", Run, "unset _CONDOR_MACHINE_AD; exec sh \"./$archive\" run");
        job.Replace("job.sh", "--start \"$start\" -- ", "--start unpack -- ");
        job.Edit("job.sub", "request_disk", "request_disk = 40 MB");
        job.Edit("job.sub", "requirements", Pool.WantTightNode);
        job.Edit("job.sub", "max_retries", "max_retries = 0");

        job.Run("condor_submit", "job.sub").Succeeded();
        job.WaitForEnd();

        Assert.Contains("/execute-tight/", job.Text("job.log"), StringComparison.Ordinal);
        string error = job.Text("job.*.err");
        Assert.Contains("packhorse: not started:", error, StringComparison.Ordinal);
        Assert.Contains("space", error, StringComparison.Ordinal);
        Assert.Contains("return value 116", job.Text("job.log"), StringComparison.Ordinal);
        string explained = job.Run("packhorse", "condor", "explain", "job.log").Succeeded().Output;
        Assert.Contains("request_disk", explained + job.Text("job.sub"), StringComparison.Ordinal);
        Assert.Contains("disk", explained, StringComparison.Ordinal);
    }

    [Fact]
    public void An_input_that_a_node_has_no_space_for_is_explained()
    {
        Job job = Init("no-space-for-input");
        File.WriteAllBytes(job["big"], new byte[80_000_000]);
        job.Replace("job.sub", "environment.sh, ", "environment.sh, big, ");
        job.Edit("job.sub", "request_disk", "request_disk = 40 MB");
        job.Edit("job.sub", "requirements", Pool.WantTightNode);
        job.Edit("job.sub", "periodic_release", "");

        string number = job.Run("condor_submit", "-terse", "job.sub").Succeeded().Output.Split(' ')[0];
        job.WaitFor("job.log", "\n012 (");

        string explained = job.Run("packhorse", "condor", "explain", "job.log").Succeeded().Output;
        Assert.Contains("held", explained, StringComparison.Ordinal);
        Assert.Contains("no space", explained, StringComparison.OrdinalIgnoreCase);
        job.Run("condor_rm", number).Succeeded();
    }

    [Theory]
    [InlineData("its program", 100, 1)]
    [InlineData("its footer", -60, 1)]
    [InlineData("most of it", 6_000_000, 20_000_000)]
    public void An_archive_that_a_cache_has_altered_under_its_name_is_not_run(string what, int offset, int count)
    {
        Assert.NotEmpty(what);
        Job job = Init($"altered-{count}-{Math.Abs(offset)}", "--to", $"{CondorPool.StagingInside}/{count}{offset}");
        job.Run("packhorse", "condor", "submit", "job.sub").Succeeded();
        job.WaitForEnd();
        Assert.Contains("return value 0", job.Text("job.log"), StringComparison.Ordinal);
        string published = Assert.Single(
            Directory.GetFiles($"{pool.Require().Objects}/chtc{CondorPool.StagingInside}/{count}{offset}")
        );
        Job.Alter(published, offset, count);
        File.Delete(job["job.log"]);
        File.Delete(job["result.txt"]);

        job.Run("condor_submit", "job.sub").Succeeded();
        job.WaitForEnd();

        Assert.DoesNotContain("return value 0", job.Text("job.log"), StringComparison.Ordinal);
        Assert.False(File.Exists(job["result.txt"]));
        string errors = string.Concat(Directory.GetFiles(job["."], "job.*.err").Order().Select(File.ReadAllText));
        Assert.Matches(
            "job.sh: not started: .* is another file|has another content|does not have the digest|damaged|mixed with something else",
            errors
        );
    }

    private Job Init(string name, params string[] options)
    {
        var job = new Job(pool.Require(), pool.MakeDirectory(name));
        string[] pack = ["pack", environments.Channel.LockFile, "-q", "--image", "--create-executable"];
        Published.Run([.. pack, "-o", job["environment.sh"]]).Succeeded();
        job.Write("train.py", "import sys\nopen('result.txt', 'w').write(sys.prefix)\n");
        string[] asked = ["--name", "job", "--output-mb", "16", "--memory", "128 MB", "--output", "result.txt"];
        job.Run(["packhorse", "condor", "init", .. asked, .. options, "--", "python", "train.py"]).Succeeded();
        return job;
    }

    [GeneratedRegex(@"CondorScratchDir = ""\S+/execute-(?<node>\w+)/")]
    private static partial Regex Scratch();
}
