namespace Packhorse.EndToEnd.Condor;

/// <summary>The files that <c>condor init</c> writes, as they are, in a real pool.</summary>
public sealed class JobTests(Pool pool, Environments environments)
{
    private const string Program = """
        import ssl, sys
        open("result.txt", "w").write(sys.prefix)
        print(sys.argv[1:])
        """;

    [Theory]
    [InlineData("image", "packhorse: mounted")]
    [InlineData("tar", "Unpacking: ")]
    public void A_job_runs_and_gives_back_its_output(string kind, string said)
    {
        Job job = Init($"init-{kind}", kind, "--output", "result.txt");
        Outcome dryRun = job.Run("condor_submit", "-dry-run", "-", "job.sub").Succeeded();
        Assert.Equal("", dryRun.Error);
        Assert.Equal("nothing found\n", job.Run("packhorse", "condor", "check", "job.sub").Succeeded().Output);

        job.SubmitAndWait();

        string error = job.Text("job.*.err");
        Assert.Equal("['one word', \"it's é\"]\n", job.Text("job.*.out"));
        // A pack says what it does only when it is asked to.
        Assert.True(kind == "tar" || error.Contains(said, StringComparison.Ordinal), error);
        string prefix = job.Text("result.txt");
        Assert.Equal(kind == "image", prefix.StartsWith("/media/p/", StringComparison.Ordinal));
    }

    [Fact]
    public void A_node_that_cannot_mount_leaves_the_job_to_a_slot_with_the_disk_to_unpack()
    {
        Job job = Init("init-no-mount", "image", "--output", "result.txt");
        // What a node without user namespaces and without FUSE would answer.
        job.Replace("job.sh", "--start \"$start\" --", "--start \"$start,-namespace,-fusermount\" --");

        job.SubmitAndWait();

        string log = job.Text("job.log");
        Assert.Equal(2, log.Split("Job executing on host").Length - 1);
        Assert.Contains("unpacking it", job.Text("job.*.err"), StringComparison.Ordinal);
        Assert.StartsWith("/var/lib/condor/execute", job.Text("result.txt"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("another program", 100, 114)]
    [InlineData("another root", -60, 114)]
    [InlineData("missing", 0, 113)]
    public void Nothing_is_run_of_an_archive_that_is_another_one(string what, int offset, int code)
    {
        Job job = Init($"init-wrong-{code}-{Math.Abs(offset)}", "image");
        if (what == "missing")
        {
            job.Replace("job.sub", "environment.sh, ", "");
        }
        else
        {
            job.Damage("environment.sh", offset);
        }

        job.SubmitAndWait();

        Assert.Contains($"return value {code}", job.Text("job.log"), StringComparison.Ordinal);
        Assert.Contains("job.sh: not started: environment.sh", job.Text("job.*.err"), StringComparison.Ordinal);
        Assert.Equal("", job.Text("job.*.out"));
    }

    [Fact]
    public void A_failed_command_is_not_hidden_behind_its_missing_output()
    {
        Job job = Init("init-fails", "image", "--output", "never.txt");
        job.Write("train.py", "raise SystemExit(3)\n");

        job.SubmitAndWait();

        Assert.Contains("return value 3", job.Text("job.log"), StringComparison.Ordinal);
        Assert.DoesNotContain("Job was held", job.Text("job.log"), StringComparison.Ordinal);
    }

    [Fact]
    public void An_interactive_session_lands_in_the_environment_and_gives_back_what_is_new()
    {
        Job job = Init("init-interactive", "image", "--output", "result.txt", "--jobs", "3");

        Outcome session = job.Run(
            ["packhorse", "condor", "interact", "job.sub"],
            "python -c 'import sys; print(sys.prefix)' > found.txt; exit\n"
        );

        Assert.Contains("packhorse: mounted", session.Output + session.Error, StringComparison.Ordinal);
        // The session's job ends a moment after the session.
        job.Run("condor_wait", "-wait", "30", "job.log").Succeeded();
        Assert.True(
            File.Exists(job["found.txt"]),
            $"found.txt did not come back\n{session.Output}\n{session.Error}\n{job.Text("job.log")}"
        );
        Assert.StartsWith("/media/p/", job.Text("found.txt"), StringComparison.Ordinal);
        Assert.Single(job.Text("job.log").Split("Job submitted from host")[1..]);
    }

    [Fact]
    public void Submitting_publishes_the_environment_first_under_its_content()
    {
        Job job = Init("init-publish", "image", "--to", "published");

        job.Run("packhorse", "condor", "submit", "job.sub").Succeeded();
        job.Run("condor_wait", "-wait", "60", "job.log").Succeeded();

        string published = Assert.Single(Directory.GetFiles(job["published"]));
        Assert.Matches("environment-[0-9a-f]{8,}\\.sh$", published);
        Assert.Contains("one word", job.Text("job.*.out"), StringComparison.Ordinal);
    }

    private Job Init(string name, string kind, params string[] options)
    {
        var job = new Job(pool.Require(), pool.MakeDirectory(name));
        string[] image = kind == "image" ? ["--image"] : [];
        Published
            .Run([
                "pack",
                environments.Channel.LockFile,
                "-q",
                "--create-executable",
                "-o",
                job["environment.sh"],
                .. image,
            ])
            .Succeeded();
        // It need not be executable, and nobody is to change it.
        Published.Start("chmod", ["0444", job["environment.sh"]]).Succeeded();
        job.Write("train.py", Program);
        string[] command = ["environment.sh", "--", "python", "train.py", "one word", "it's é"];
        job.Run([
                .. (string[])["packhorse", "condor", "init", "--name", "job", "--output-mb", "16"],
                .. options,
                .. command,
            ])
            .Succeeded();
        return job;
    }
}
