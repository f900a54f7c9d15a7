using Packhorse.Condor.Checks;
using Packhorse.Condor.Submit;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Condor;

public sealed class SubmitCheckerTests : IDisposable
{
    private readonly DirectoryInfo _scratch = Directory.CreateTempSubdirectory("packhorse-condor-");

    public void Dispose() => _scratch.Delete(recursive: true);

    // The shape of a well-known tutorial: what is wrong in it was seen to go wrong in a real pool.
    private const string Tutorial = """
        log = hello.log.txt
        error = hello.err.txt
        output = hello.out.txt
        executable = train.sh
        arguments = $(Process)
        transfer_input_files = osdf:///chtc/staging/alice/envs/hello-environment-b8dd14a4.sh, data.tar.gz, ../src/train.py
        transfer_output_files = model.pt
        should_transfer_files = YES
        when_to_transfer_output = ON_EXIT
        Requirements = (Target.CUDADriverVersion >= 12.0)
        # pseudo-terminals
        requirements = (OpSysMajorVer > 7)
        request_cpus = 1
        request_gpus = 1
        request_memory = 10GB
        request_disk = 14GB
        +WantGPULab = true
        +GPUJobLength = "short"
        queue 1
        """;

    private const string TutorialScript = """
        #!/bin/bash
        set -x
        chmod +x hello-environment-b8dd14a4.sh
        ./hello-environment-b8dd14a4.sh
        . activate.sh
        tar -vxzf data.tar.gz
        time python ./src/train.py --epochs 14 --data-dir ./data --save-model
        """;

    [Fact]
    public void Each_defect_of_the_tutorial_is_found_by_a_rule_of_its_own()
    {
        Write("train.sh", TutorialScript);
        Assert.Equal(
            [
                "dead-attribute",
                "flattened-path",
                "hidden-error",
                "old-staging-path",
                "repeated-keyword",
                "unchecked-steps",
            ],
            RulesOf(Tutorial)
        );
    }

    [Fact]
    public void Nothing_is_found_in_the_tutorial_put_right()
    {
        Write("train.sh", TutorialScript.Replace("set -x", "set -ex").Replace("./src/train.py", "train.py"));
        SubmitFile wrong = Parse(Tutorial);

        SubmitFile right = SubmitChecker.Fix(wrong, new CheckOptions());

        Assert.Empty(SubmitChecker.Check(right, new CheckOptions()));
        string difference = Difference.Of(wrong, right);
        Assert.Contains("+gpus_minimum_runtime = 12.0\n", difference, StringComparison.Ordinal);
        Assert.Contains("+success_exit_code = 0\n", difference, StringComparison.Ordinal);
        Assert.Contains("/chtc/staging/a/alice/envs/", difference, StringComparison.Ordinal);
        Assert.Contains("\n # pseudo-terminals\n", difference, StringComparison.Ordinal);
        // What is taken away and what comes in its place is the whole of both files.
        Assert.Equal(wrong.Lines, LinesOf(difference, '-'));
        Assert.Equal(right.Lines, LinesOf(difference, '+'));
    }

    // Line: what is added before queue; script: the job's; found: rules with a number of findings each.
    [Theory]
    [InlineData("reqest_disk = 7", "", "unused-line")]
    [InlineData("this is nothing", "", "unused-line")]
    [InlineData("JobBatchName = today\nRequestMemory = 1 GB\nstdout = out.txt", "", "")]
    [InlineData("request_cpu = 2", "", "unused-line")]
    [InlineData("user_log = job.log", "", "unused-line")]
    [InlineData("seed = 7\narguments = $(seed)", "", "")]
    [InlineData("seed = 7\narguments = $INT(seed,%03d)", "", "")]
    [InlineData("request_flux_capacitors = 1", "", "")]
    [InlineData("box_oauth_permissions = read", "", "")]
    [InlineData("container_service_names = web\nweb_container_port = 80", "", "")]
    [InlineData("universe = grid\nremote_universe = vanilla", "", "")]
    [InlineData("request_cpus = 1\nrequest_cpus = 2", "", "repeated-keyword")]
    [InlineData("request_memory = 1 GB\nRequestMemory = 2 GB", "", "repeated-keyword")]
    [InlineData("RequestMemory = 1 GB\nRequestMemory = 2 GB", "", "repeated-keyword")]
    [InlineData("+ProjectName = \"a\"\nMY.ProjectName = \"b\"", "", "repeated-keyword")]
    [InlineData("a = 1\na = $(a) 2\narguments = $(a)", "", "")]
    [InlineData("if true\nrequest_cpus = 1\nelse\nrequest_cpus = 2\nendif", "", "")]
    [InlineData("request_cpus = 1\nqueue\nrequest_cpus = 2", "", "")]
    [InlineData("requirements = (CUDACapability >= 7.5) && (Arch == \"X86_64\")", "", "dead-attribute")]
    [InlineData("requirements = (GPUs_DriverVersion >= 12.0)", "", "")]
    [InlineData("transfer_input_files = /staging/bob/x.tar.gz", "", "old-staging-path")]
    [InlineData("transfer_input_files = /staging/b/bob/x.tar.gz, /staging/groups/g/x", "", "")]
    [InlineData("transfer_input_files = a/b.py", "python a/b.py", "flattened-path")]
    [InlineData("transfer_input_files = a/b.py", "python b.py # not a/b.py", "")]
    [InlineData("transfer_input_files = a/b.py\npreserve_relative_paths = true", "python a/b.py", "")]
    [InlineData("TransferInputFiles = a/b.py", "python a/b.py", "flattened-path")]
    [InlineData("transfer_input = false", "python a/b.py", "")]
    [InlineData("transfer_input_files = a, c/b.py", "python a/b.py", "")]
    [InlineData("transfer_input_files = a/b.py", "mkdir a && mv b.py a\npython a/b.py", "")]
    [InlineData("transfer_input_files = a/b.py\narguments = a/b.py", "", "flattened-path")]
    [InlineData("transfer_input_files = https://x.org/tool", "./tool --all", "url-program")]
    [InlineData("transfer_input_files = https://x.org/tool", "chmod +x tool\n./tool --all", "")]
    [InlineData("transfer_input_files = https://x.org/tool.sh", "sh ./tool.sh --all", "")]
    [InlineData("executable = osdf:///chtc/staging/b/bob/x-0a1b2c3d.sh", "", "repeated-keyword url-program")]
    [InlineData("transfer_input_files = tool", "./tool", "not-executable")]
    [InlineData("transfer_input_files = osdf:///x/env-00aa11bb.sh", "sh env-22aa11bb.sh", "other-name")]
    [InlineData("transfer_input_files = osdf:///x/env-00aa11bb.sh", "sh env-00aa11bb.sh", "")]
    [InlineData("transfer_input_files = osdf:///x/env.sh", "sh env.sh", "mutable-name")]
    [InlineData("transfer_input_files = osdf:///x/env-20261122.tar", "", "mutable-name")]
    [InlineData("transfer_input_files = osdf:///x/inputs.tar.gz", "", "")]
    [InlineData("", "tar xf a.tar\necho done", "unchecked-steps")]
    [InlineData("", "tar xf a.tar || exit 1\necho done", "")]
    [InlineData("transfer_output_files = out", "python x.py", "hidden-error")]
    [InlineData("transfer_output_files = out", "touch out\npython x.py", "")]
    [InlineData("when_to_transfer_output = ON_SUCCESS\ntransfer_output_files = out", "", "success-unknown")]
    [InlineData("when_to_transfer_output = ON_SUCCESS\nsuccess_exit_code = 0\ntransfer_output_files = out", "", "")]
    public void A_rule_finds_its_defect_and_nothing_else(string lines, string script, string found)
    {
        Write("tool", "#!/bin/sh\n");
        Write("job.sh", script.Length == 0 ? "#!/bin/sh\ntrue\n" : $"#!/bin/sh\n{script}\n");
        string text = $"executable = job.sh\n{lines}\nqueue\n";
        Assert.Equal(found.Split(' ', StringSplitOptions.RemoveEmptyEntries), RulesOf(text));
    }

    [Fact]
    public void A_script_without_interpreter_is_told()
    {
        Write("job.sh", "echo hello\n");
        Assert.Equal(["not-executable"], RulesOf("executable = job.sh\nqueue"));
    }

    [Fact]
    public void Several_jobs_are_no_interactive_session()
    {
        var options = new CheckOptions { IsInteractive = true };
        SubmitFile file = Parse("executable = /bin/true\nqueue 4\n");
        Assert.Equal("queue-interactive", Assert.Single(SubmitChecker.Check(file, options)).Rule);
        Assert.Empty(SubmitChecker.Check(SubmitChecker.Fix(file, options), options));
        Assert.Empty(SubmitChecker.Check(file, new CheckOptions()));
    }

    [Fact]
    public void The_pool_is_asked_about_machines_and_not_about_jobs()
    {
        var asked = new List<string>();
        var options = new CheckOptions
        {
            AskPool = constraint =>
            {
                asked.Add(constraint);
                return (0, 12);
            },
        };
        SubmitFile file = Parse("executable = /bin/true\nrequirements = TARGET.OpSysMajorVer == 6\nqueue\n");
        Finding finding = Assert.Single(SubmitChecker.Check(file, options));
        Assert.Equal("no-machine", finding.Rule);
        Assert.Equal(["OpSysMajorVer == 6"], asked);
        Assert.Empty(SubmitChecker.Check(Parse("executable = /bin/true\nrequirements = MY.X == 1\nqueue\n"), options));
    }

    // Shapes that HTCondor's manual shows, in words of our own.
    [Theory]
    [InlineData("executable = /bin/sleep\narguments = 60\nlog = sleep.log\nqueue\n")]
    [InlineData(
        "universe = vanilla\nexecutable = /bin/cat\ntransfer_input_files = a.txt, b.txt\ntransfer_output_files = out.$(Process)\n"
            + "should_transfer_files = IF_NEEDED\nwhen_to_transfer_output = ON_EXIT\nqueue 150\n"
    )]
    [InlineData(
        "executable = /bin/cat\nsize = $$(Memory)\nrequest_memory = 1G\nrank = Memory\narguments = $(size)\nqueue 2\n"
    )]
    [InlineData("executable = /bin/cat\ninitialdir = run_$(Process)\nqueue arguments in (one, two)\n")]
    [InlineData("executable = /bin/cat\ninput = $(item)\nqueue item matching files *.dat\n")]
    [InlineData("executable = /bin/cat\narguments = -f $(name) $(count)\nqueue name, count from list.txt\n")]
    [InlineData(
        "universe = container\ncontainer_image = docker://debian:12\nexecutable = /bin/ls\ntransfer_executable = false\nqueue\n"
    )]
    [InlineData("universe = docker\ndocker_image = debian\nexecutable = /bin/cat\narguments = /etc/hosts\nqueue 1\n")]
    [InlineData(
        "executable = /bin/true\ncheckpoint_exit_code = 85\ntransfer_checkpoint_files = state\n"
            + "transfer_output_files = state\nmax_retries = 3\nretry_until = ExitCode > 2\nqueue\n"
    )]
    [InlineData(
        "executable = /bin/true\nrequest_gpus = 1\nrequire_gpus = Capability >= 7.0\ngpus_minimum_memory = 4000\nqueue\n"
    )]
    [InlineData(
        "universe = parallel\nexecutable = /bin/true\nmachine_count = 8\nrequirements = (OpSys == \"LINUX\")\nqueue\n"
    )]
    [InlineData(
        "foo = bar\nif defined foo\n  arguments = $(foo)\nelse\n  error : no foo\nendif\nexecutable = /bin/echo\nqueue\n"
    )]
    [InlineData(
        "executable = /bin/true\ntransfer_input_files = s3://bucket/key, file:///etc/hosts, http://x.org/y\nqueue\n"
    )]
    [InlineData("notification = never\nkill_sig = SIGTERM\njob_max_vacate_time = 60\nexecutable = /bin/true\nqueue\n")]
    public void Nothing_is_found_in_shapes_of_the_manual(string text) => Assert.Empty(RulesOf(text));

    [Fact]
    public void Less_disk_than_the_environment_takes_is_found_and_mended()
    {
        SamplePackages.Channel(Path.Combine(_scratch.FullName, "channel")).WriteLock(_scratch.FullName);
        string pack = Path.Combine(_scratch.FullName, "environment.tar");
        CommandRun.Of("pack", "-q", "-p", "linux-64", "-o", pack, _scratch.FullName).Successful();
        const string Job = "executable = /bin/true\ntransfer_input_files = environment.tar\n";

        Finding missing = Assert.Single(Find($"{Job}queue\n"));
        Finding little = Assert.Single(Find($"{Job}request_disk = 1\nqueue\n"));

        Assert.Equal(("disk-too-small", Severity.Warning), (missing.Rule, missing.Severity));
        Assert.Equal(("disk-too-small", Severity.Error), (little.Rule, little.Severity));
        Assert.Contains("when it is unpacked", little.Reason, StringComparison.Ordinal);
        string mended = little.Fix[little.Fix.IndexOf("request_disk", StringComparison.Ordinal)..];
        Assert.Empty(Find($"{Job}{mended}\nqueue\n"));

        IReadOnlyList<Finding> Find(string text) => [.. SubmitChecker.Check(Parse(text), new CheckOptions())];
    }

    [Fact]
    public void Every_rule_has_a_test_here()
    {
        string source = File.ReadAllText(Path.Combine(SourceDirectory(), "SubmitCheckerTests.cs"));
        Assert.All(SubmitChecker.RuleNames, name => Assert.Contains($"\"{name}\"", source, StringComparison.Ordinal));
    }

    private static string SourceDirectory([System.Runtime.CompilerServices.CallerFilePath] string path = "") =>
        Path.GetDirectoryName(path)!;

    private static IEnumerable<string> LinesOf(string difference, char mark) =>
        difference
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Skip(3)
            .Where(line => line[0] == ' ' || line[0] == mark)
            .Select(line => line[1..]);

    private string[] RulesOf(string text) =>
        [
            .. SubmitChecker
                .Check(Parse(text), new CheckOptions())
                .Select(finding => finding.Rule)
                .Distinct()
                .Order(StringComparer.Ordinal),
        ];

    private SubmitFile Parse(string text) => SubmitFile.Parse(text, Path.Combine(_scratch.FullName, "job.sub"));

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_scratch.FullName, name), text);
}
