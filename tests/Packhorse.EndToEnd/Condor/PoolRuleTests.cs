using System.Text.RegularExpressions;

namespace Packhorse.EndToEnd.Condor;

/// <summary>What check says of requirements, held against the slots of a real pool, some with GPUs.</summary>
public sealed class PoolRuleTests(Pool pool)
{
    private const string Plain =
        "executable = job.sh\nlog = job.log\nshould_transfer_files = YES\nrequest_gpus = 1\nrequest_memory = 64MB\nrequest_disk = 4MB\n";

    [Theory]
    [InlineData("TARGET.CUDADriverVersion >= 12.0", "gpus_minimum_runtime = 12.0")]
    [InlineData("CUDARuntimeVersion >= 12.0", "gpus_minimum_runtime = 12.0")]
    [InlineData("CUDAMaxSupportedVersion >= 12.0", "gpus_minimum_runtime = 12.0")]
    [InlineData("(CUDACapability >= 7.5)", "gpus_minimum_capability = 7.5")]
    [InlineData("TARGET.CUDAGlobalMemoryMb >= 8000", "gpus_minimum_memory = 8000")]
    public void A_dead_attribute_is_of_no_slot_and_nothing_is_found_in_what_the_fix_writes(
        string requirements,
        string line
    )
    {
        Job job = Make($"dead-{line.Length}-{requirements.Length}", $"requirements = {requirements}");
        string constraint = requirements.Replace("TARGET.", "", StringComparison.Ordinal);
        Assert.Equal("", job.Run("condor_status", "-constraint", constraint, "-af", "Name").Succeeded().Output);

        Outcome check = job.Run("packhorse", "condor", "check", "job.sub");
        Outcome diff = job.Run("packhorse", "condor", "check", "--diff", "job.sub");

        Assert.Equal(8, check.ExitCode);
        Assert.Contains("dead-attribute", check.Output, StringComparison.Ordinal);
        Assert.Contains($"\n+{line}\n", diff.Output, StringComparison.Ordinal);
        job.Replace("job.sub", $"requirements = {requirements}", line);
        Assert.Equal("nothing found\n", job.Run("packhorse", "condor", "check", "job.sub").Succeeded().Output);
    }

    [Fact]
    public void Lines_are_unused_that_condor_submit_says_to_be_and_no_others()
    {
        // Of some lines condor_submit has other names, some look like commands and are none.
        Job job = Make(
            "unused",
            """
            JobBatchName = today
            JobDescription = something
            RequestCpus = 1
            TransferInputFiles = job.sh
            WhenToTransferOutput = ON_EXIT
            stdout = out.txt
            StreamOut = true
            JobPrio = 1
            PeriodicRelease = false
            OnExitHold = false
            NiceUser = true
            KillSig = 15
            JobMaxRetries = 2
            LeaveJobInQueue = false
            copy_to_spool = false
            reqest_disk = 7
            request_cpu = 1
            request_gpu = 1
            transfer_files = ALWAYS
            user_log = other.log
            infile = in.txt
            out = out.txt
            keystore_file = x
            want_core_file = true
            """
        );

        string said = job.Run("condor_submit", "-dry-run", "/dev/null", "job.sub").Error;
        string found = job.Run("packhorse", "condor", "check", "--no-pool", "job.sub").Output;

        string[] unused = Names(said, @"the line '(?<name>\w+) =");
        Assert.Equal(9, unused.Length);
        Assert.Equal(unused, Names(found, @"knows no command (?<name>\w+),"));
    }

    private static string[] Names(string text, string pattern) =>
        [.. Regex.Matches(text, pattern).Select(match => match.Groups["name"].Value).Order(StringComparer.Ordinal)];

    [Fact]
    public void What_the_fixes_write_is_matched_by_the_gpu_that_fits_all_of_it()
    {
        Job job = Make(
            "dead-mended",
            "gpus_minimum_runtime = 12.0\ngpus_minimum_capability = 7.5\ngpus_minimum_memory = 8000"
        );

        job.SubmitAndWait();

        Assert.Contains("sock=newgpu>", job.Text("job.log"), StringComparison.Ordinal);
        Assert.Contains("return value 0", job.Text("job.log"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CUDADeviceName == \"NVIDIA H200\"")]
    [InlineData("CUDAECCEnabled")]
    [InlineData("CUDAClockMhz > 0")]
    [InlineData("CUDAComputeUnits > 0")]
    [InlineData("CUDACoresPerCU > 0")]
    public void An_attribute_that_no_command_replaces_is_of_no_slot_either(string requirements)
    {
        Job job = Make($"dead-{requirements.Split(' ')[0]}", $"requirements = {requirements}");

        Outcome check = job.Run("packhorse", "condor", "check", "job.sub");

        Assert.Equal("", job.Run("condor_status", "-constraint", requirements, "-af", "Name").Succeeded().Output);
        Assert.Equal(8, check.ExitCode);
        Assert.Contains("dead-attribute", check.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GPUs_DriverVersion >= 12.0", true)]
    [InlineData("GPUs_DriverVersion >= 99.0", false)]
    [InlineData("(GPUs_Capability >= 9.0) && (GPUs_DriverVersion < 12)", true)]
    [InlineData("(GPUs_Capability < 9.0) && (GPUs_DriverVersion < 12)", false)]
    [InlineData("OpSysMajorVer > 7", true)]
    [InlineData("HasUserNamespaces =?= true", true)]
    [InlineData("HasCHTCStaging == true", false)]
    [InlineData("stringListMember(\"osdf\", HasFileTransferPluginMethods)", true)]
    public void Requirements_are_found_impossible_when_no_slot_fits_them(string requirements, bool isPossible)
    {
        Job job = Make($"fits-{requirements.Length}-{isPossible}", $"requirements = {requirements}");

        Outcome check = job.Run("packhorse", "condor", "check", "job.sub");

        Assert.Equal(isPossible ? 0 : 8, check.ExitCode);
        Assert.Equal(!isPossible, check.Output.Contains("no-machine", StringComparison.Ordinal));
    }

    private Job Make(string name, string line)
    {
        var job = new Job(pool.Require(), pool.MakeDirectory(name));
        job.Write("job.sh", "#!/bin/sh\nexit 0\n");
        job.Write("job.sub", $"{Plain}{line}\nqueue\n");
        job.Run("chmod", "+x", "job.sh").Succeeded();
        return job;
    }
}
