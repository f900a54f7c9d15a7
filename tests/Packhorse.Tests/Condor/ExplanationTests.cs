using Packhorse.Condor.Explain;
using Packhorse.Model;

namespace Packhorse.Tests.Condor;

public sealed class ExplanationTests
{
    private const string Held = """
        000 (012.003.000) 2026-01-02 03:04:05 Job submitted from host: <10.0.0.1:9618>
        ...
        001 (012.003.000) 2026-01-02 03:04:06 Job executing on host: <10.0.0.2:9618>
        ...
        006 (012.003.000) 2026-01-02 03:05:06 Image size of job updated: 2000000
        	1900  -  MemoryUsage of job (MB)
        ...
        004 (012.003.000) 2026-01-02 03:05:07 Job was evicted.
        	Partitionable Resources :    Usage  Request Allocated
        	   Cpus                 :                 1         1
        	   Disk (KB)            :    20000    10240     11264
        	   Memory (MB)          :     1900     1024      1024
        ...
        012 (012.003.000) 2026-01-02 03:05:07 Job was held.
        	Error from slot1_1@node: memory usage exceeded request_memory
        	Code 21 Subcode 102
        ...
        047 (012.-1000.000) 2026-01-02 03:05:08 Common files event: TransferStarted
        ...
        012 (013.000.000) 2026-01-02 03:05:07 Job was held.
        	Half of an event
        """;

    [Fact]
    public void A_log_comes_to_what_its_last_whole_events_say()
    {
        JobRecord job = Assert.Single(JobRecord.OfEvents(EventLog.Parse(Held)));
        Assert.Equal(
            new JobRecord
            {
                Job = "12.3",
                Standing = JobStanding.Held,
                HoldCode = 21,
                HoldSubcode = 102,
                HoldReason = "Error from slot1_1@node: memory usage exceeded request_memory",
                MemoryUsed = 1900,
                MemoryAsked = 1024,
                DiskUsed = 20000,
                DiskAsked = 10240,
                Starts = 1,
            },
            job
        );
        var explanation = Explanation.Of(job);
        Assert.Equal("request_memory", explanation.Command);
        Assert.Equal("write request_memory = 3072 MB", explanation.Change);
    }

    [Fact]
    public void An_ad_comes_to_the_same()
    {
        JobAd ad = Assert.Single(
            JobAd.ParseAll(
                "ClusterId = 12\nProcId = 3\nJobStatus = 5\nHoldReasonCode = 34\nHoldReasonSubCode = 104\nHoldReason = \"a \\\"b\\\"\"\n"
                    + "RequestDisk = 1024\nDiskUsage_RAW = 4096\nMemoryUsage = ((ResidentSetSize + 1023) / 1024)\nResidentSetSize_RAW = 2048\n\n",
                "ad"
            )
        );
        JobRecord job = JobRecord.OfAd(ad);
        Assert.Equal(
            ("12.3", 34, 104, "a \"b\"", 4096L, 2L),
            (job.Job, job.HoldCode, job.HoldSubcode, job.HoldReason, job.DiskUsed, job.MemoryUsed)
        );
        Assert.Equal("request_disk", Explanation.Of(job).Command);
    }

    [Theory]
    [InlineData("(return value 0)", "it ended well")]
    [InlineData("(return value 116)", "neither mount")]
    [InlineData("(return value 114)", "stale")]
    [InlineData("(return value 3)", "exit code 3")]
    [InlineData("(signal 9)", "signal 9")]
    public void An_end_is_told_in_words(string how, string words)
    {
        JobRecord job = Assert.Single(
            JobRecord.OfEvents(EventLog.Parse($"005 (1.0.0) x Job terminated.\n\t(1) Normal termination {how}\n...\n"))
        );
        Assert.Contains(words, Explanation.Of(job).What, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("hello\n")]
    [InlineData("\0\u0001")]
    [InlineData("ClusterId = 99999999999999999999\n")]
    public void What_is_no_record_of_a_job_is_told(string text)
    {
        Assert.False(EventLog.IsOne(text));
        Assert.Throws<CorruptDataException>(() => JobAd.ParseAll(text, "file"));
    }

    [Fact]
    public void A_damaged_log_gives_what_is_whole()
    {
        for (int cut = 0; cut < Held.Length; cut++)
        {
            Assert.True(JobRecord.OfEvents(EventLog.Parse(Held[..cut])).Count <= 1);
        }
    }
}
