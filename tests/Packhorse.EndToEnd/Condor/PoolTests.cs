using Packhorse.TestChannel;

namespace Packhorse.EndToEnd.Condor;

/// <summary>A self-extracting file in jobs of a real pool, by hand.</summary>
public sealed class PoolTests(Pool pool, Environments environments)
{
    [Theory]
    [InlineData("--tar", "Unpacking: ")]
    [InlineData("--image", "packhorse: mounted")]
    public void A_job_runs_python_from_a_file_that_was_transferred(string kind, string said)
    {
        CondorPool condor = pool.Require();
        string name = pool.MakeDirectory("by-hand" + kind);
        string file = Path.Combine(condor.Home, name, "environment.sh");
        string[] image = kind == "--image" ? ["--image"] : [];
        Published
            .Run(["pack", environments.Channel.LockFile, "-q", "--create-executable", "-o", file, .. image])
            .Succeeded();
        File.WriteAllText(
            Path.Combine(condor.Home, name, "job.sub"),
            """
            executable = /bin/sh
            transfer_executable = false
            arguments = "environment.sh run -v -- python -c 'import ssl; print(ssl.OPENSSL_VERSION)'"
            transfer_input_files = environment.sh
            should_transfer_files = YES
            output = job.out
            error = job.err
            log = job.log
            request_memory = 512MB
            request_disk = 512MB
            queue
            """
        );

        PoolOutcome submit = condor.Run(name, ["condor_submit", "job.sub"]);
        Assert.True(submit.ExitCode == 0, submit.Error);
        PoolOutcome wait = condor.Run(name, ["condor_wait", "-wait", "60", "job.log"]);

        string log = File.ReadAllText(Path.Combine(condor.Home, name, "job.log"));
        Assert.True(wait.ExitCode == 0, log);
        string error = File.ReadAllText(Path.Combine(condor.Home, name, "job.err"));
        Assert.True(
            File.ReadAllText(Path.Combine(condor.Home, name, "job.out"))
                .StartsWith("OpenSSL", StringComparison.Ordinal),
            error + log
        );
        Assert.Contains(said, error, StringComparison.Ordinal);
    }
}
