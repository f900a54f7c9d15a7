using Packhorse.Condor;
using Packhorse.Condor.Checks;
using Packhorse.Condor.Init;
using Packhorse.Condor.Submit;
using Packhorse.Model;
using Packhorse.Publish;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Condor;

public sealed class JobFilesTests : IDisposable
{
    private readonly DirectoryInfo _scratch = Directory.CreateTempSubdirectory("packhorse-job-");

    public void Dispose() => _scratch.Delete(recursive: true);

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Nothing_is_found_in_the_files_by_check_nor_by_shellcheck(bool isImage, bool isGpu)
    {
        Assert.SkipUnless(StockTool.IsInstalled("shellcheck"), "no shellcheck on this machine");
        JobRequest request = Request(isImage, isGpu) with { Jobs = 8, Outputs = ["model.pt"], Checkpoints = ["state"] };
        foreach (JobFile file in JobFiles.Plan(request))
        {
            file.Write(_scratch.FullName);
            if (file.IsProgram)
            {
                Assert.Equal("", StockTool.Run("shellcheck", "--shell=sh", Path.Combine(_scratch.FullName, file.Name)));
            }
        }
        SubmitFile submit = SubmitFile.Read(Path.Combine(_scratch.FullName, "job.sub"));
        Assert.Empty(SubmitChecker.Check(submit, new CheckOptions()));
        Assert.Empty(SubmitChecker.Check(submit, new CheckOptions { IsInteractive = true }));
    }

    [Fact]
    public void Gpus_are_asked_for_as_the_cuda_packages_want_them()
    {
        string submit = JobFiles.Plan(Request(isImage: true, isGpu: true))[0].Text;
        Assert.Contains("\nrequest_gpus = 1\n", submit, StringComparison.Ordinal);
        Assert.Contains("\ngpus_minimum_runtime = 12.0\n", submit, StringComparison.Ordinal);
        Assert.Contains("\ngpus_minimum_capability = 7.5\n", submit, StringComparison.Ordinal);
        Assert.DoesNotContain(
            "gpus",
            JobFiles.Plan(Request(isImage: true, isGpu: false))[0].Text,
            StringComparison.Ordinal
        );
    }

    // What a pool of 23.9 said of inputs: "DiskUsage 1250000" of 1,100,600 KiB, "35000" of 33,163.
    [Theory]
    [InlineData(1_100_600, 1_250_000)]
    [InlineData(33_163, 35_000)]
    [InlineData(1_250_000, 1_250_000)]
    [InlineData(1_250_001, 1_500_000)]
    [InlineData(999_999, 1_000_000)]
    [InlineData(7, 7)]
    [InlineData(0, 0)]
    public void Disk_is_asked_for_in_the_steps_in_which_HTCondor_counts_it(long used, long asked) =>
        Assert.Equal(asked, RequestSize.InSteps(used * 1024));

    [Fact]
    public void What_somebody_has_changed_is_told_from_what_was_written()
    {
        JobFile file = JobFiles.Plan(Request(isImage: true, isGpu: false))[0];
        Assert.Equal(JobFileState.New, file.StateIn(_scratch.FullName));
        file.Write(_scratch.FullName);
        Assert.Equal(JobFileState.Same, file.StateIn(_scratch.FullName));
        JobFile other = JobFiles.Plan(Request(isImage: false, isGpu: false))[0];
        Assert.Equal(JobFileState.Replaced, other.StateIn(_scratch.FullName));
        File.AppendAllText(Path.Combine(_scratch.FullName, file.Name), "# mine\n");
        Assert.Equal(JobFileState.Changed, file.StateIn(_scratch.FullName));
    }

    [Theory]
    [InlineData("osdf:///a/environment-0a1b2c3d.sh", true)]
    [InlineData("https://example.org/environment-0a1b2c3d.sh", true)]
    [InlineData("file:///staging/alice/environment-0a1b2c3d.sh", false)]
    [InlineData("environment-0a1b2c3d.sh", false)]
    public void Only_what_comes_through_caches_is_compared_first_and_tried_again(string archive, bool isCached)
    {
        JobRequest request = Request(isImage: true, isGpu: false) with { Archive = archive };

        Assert.Equal(isCached, Requests.VerifiesFirst(request));
        Assert.Equal(isCached, Requests.CodesToRetry(request).Contains(114));
        Assert.True(Requests.VerifiesFirst(request with { VerifiesFirst = true }));
    }

    [Fact]
    public void Two_inputs_of_one_name_are_refused()
    {
        var error = Assert.Throws<UsageException>(() => JobInputs.Of(["python", "x"], ["a/data", "b/data"]));
        Assert.Contains("data in the sandbox", error.Message, StringComparison.Ordinal);
    }

    private static JobRequest Request(bool isImage, bool isGpu) =>
        new()
        {
            Name = "job",
            Archive = "osdf:///chtc/staging/a/alice/environment-0a1b2c3d.sh",
            ArchiveName = "environment-0a1b2c3d.sh",
            FooterSha256 = isImage ? new string('a', 64) : null,
            Command = ["python", "a b", "it's", "$(Process)", "@NAME@"],
            Site = SiteProfile.Load("generic", null),
            Facts = new EnvironmentFacts
            {
                Name = "gpu",
                Platform = Platform.Linux64,
                IsImage = isImage,
                IsSelfExtracting = true,
                ArchiveBytes = 4_000_000_000,
                UnpackedBytes = 9_000_000_000,
                Files = 60_000,
                ProgramBytes = 4_000_000,
                ProgramSha256 = default(Digest),
                Root = isImage ? default(Digest) : null,
                VirtualPackages = isGpu ? ["__cuda >=12", "__glibc >=2.17"] : ["__glibc >=2.17"],
                Packages = isGpu
                    ?
                    [
                        new PackageRecord
                        {
                            Name = "cudnn",
                            Version = "9.12.0.46",
                            Build = "0",
                            Subdir = "linux-64",
                        },
                    ]
                    : [],
            },
        };
}
