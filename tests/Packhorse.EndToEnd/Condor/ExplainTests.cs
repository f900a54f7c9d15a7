namespace Packhorse.EndToEnd.Condor;

/// <summary>What became of jobs, from the logs and ads of a real pool.</summary>
public sealed class ExplainTests(Pool pool)
{
    // No slot that another job of this user has left, which may be larger.
    private const string NewSlot = "requirements = TARGET.PartitionableSlot =?= true || TARGET.";

    [Theory]
    [InlineData(
        "memory",
        $"request_memory=64MB\n{NewSlot}Memory <= 128",
        "#!/bin/sh\nexec python3 -c 'import time; x = bytearray(300 << 20); time.sleep(40)'\n",
        "used more memory",
        "write request_memory = "
    )]
    [InlineData(
        "disk",
        $"request_disk=4MB\n{NewSlot}Disk <= 50000",
        "#!/bin/sh\nhead -c 60000000 /dev/zero >big\nsleep 40\n",
        "used more disk",
        "write request_disk = "
    )]
    [InlineData(
        "input",
        "transfer_input_files=osdf:///no/such-0a1b2c3d.tar",
        "#!/bin/sh\n",
        "an input file could not be brought",
        "look whether"
    )]
    [InlineData(
        "output",
        "transfer_output_files=never",
        "#!/bin/sh\n",
        "an output file could not be brought back",
        "ON_SUCCESS"
    )]
    [InlineData("program", "priority=1", "#!/no/such/thing\n", "is not there on the node", "#!/bin/sh")]
    public void A_held_job_is_explained_from_its_log_and_from_the_queue(
        string name,
        string line,
        string script,
        string what,
        string change
    )
    {
        var job = new Job(pool.Require(), pool.MakeDirectory($"held-{name}"));
        job.Write("job.sh", script);
        string disk = line.StartsWith("request_disk", StringComparison.Ordinal) ? "" : "request_disk=200MB\n";
        string memory = line.StartsWith("request_memory", StringComparison.Ordinal) ? "" : "request_memory=64MB\n";
        job.Write(
            "job.sub",
            $"executable=job.sh\nlog=job.log\nerror=job.err\nshould_transfer_files=YES\n{line}\n{disk}{memory}queue\n"
        );
        string number = job.Run("condor_submit", "-terse", "job.sub").Succeeded().Output.Split(' ')[0];
        WaitForHold(job);

        string fromLog = job.Run("packhorse", "condor", "explain", "job.log").Succeeded().Output;
        string fromQueue = job.Run("packhorse", "condor", "explain", number).Succeeded().Output;

        foreach (string text in (string[])[fromLog, fromQueue])
        {
            Assert.StartsWith($"{number}: held", text, StringComparison.Ordinal);
            Assert.Contains(what, text, StringComparison.Ordinal);
            Assert.Contains(change, text, StringComparison.Ordinal);
        }
        // The line of the submit file that is to be changed.
        if (name is "memory" or "disk" or "input" or "program")
        {
            Assert.Contains("job.sub:", fromLog, StringComparison.Ordinal);
            Assert.Contains("job.sub:", fromQueue, StringComparison.Ordinal);
        }
        job.Run("condor_rm", number).Succeeded();
    }

    [Fact]
    public void A_job_that_failed_is_explained_with_what_it_used()
    {
        var job = new Job(pool.Require(), pool.MakeDirectory("failed"));
        job.Write(
            "job.sub",
            "executable=/bin/false\nlog=job.log\nshould_transfer_files=YES\nrequest_disk=4MB\nrequest_memory=64MB\nqueue\n"
        );
        job.SubmitAndWait();

        string text = job.Run("packhorse", "condor", "explain", "job.log").Succeeded().Output;

        Assert.Contains("its command failed with exit code 1", text, StringComparison.Ordinal);
        Assert.Contains(", 64 MB asked for", text, StringComparison.Ordinal);
        Assert.Contains(", 4 MB asked for", text, StringComparison.Ordinal);
    }

    private static void WaitForHold(Job job)
    {
        for (int i = 0; i < 120; i++)
        {
            if (
                File.Exists(job["job.log"])
                && job.Text("job.log").Contains("\n012 (", StringComparison.Ordinal)
                && job.Text("job.log").EndsWith("...\n", StringComparison.Ordinal)
            )
            {
                return;
            }
            Thread.Sleep(500);
        }
        Assert.Fail(job.Text("job.log"));
    }
}
