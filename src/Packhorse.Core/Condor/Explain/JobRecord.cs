using System.Globalization;
using System.Text.RegularExpressions;

namespace Packhorse.Condor.Explain;

/// <summary>Where a job has come to.</summary>
public enum JobStanding
{
    Idle,
    Running,
    Removed,
    Completed,
    Held,
}

/// <summary>What is known of a job, from its events or its ad.</summary>
public sealed partial record JobRecord
{
    public required string Job { get; init; }

    public JobStanding Standing { get; init; }

    public int? HoldCode { get; init; }

    public int? HoldSubcode { get; init; }

    public string? HoldReason { get; init; }

    public int? ExitCode { get; init; }

    public int? Signal { get; init; }

    /// <summary>MB.</summary>
    public long? MemoryUsed { get; init; }

    /// <summary>MB.</summary>
    public long? MemoryAsked { get; init; }

    /// <summary>KiB.</summary>
    public long? DiskUsed { get; init; }

    /// <summary>KiB.</summary>
    public long? DiskAsked { get; init; }

    public int Starts { get; init; }

    /// <summary>Of the submit file, where the ad has it.</summary>
    public string? SubmitFile { get; init; }

    /// <summary>Of every job of a log what its events come to.</summary>
    public static IReadOnlyList<JobRecord> OfEvents(IEnumerable<JobEvent> events)
    {
        var jobs = new Dictionary<string, JobRecord>(StringComparer.Ordinal);
        foreach (JobEvent item in events)
        {
            JobRecord before = jobs.GetValueOrDefault(item.Job) ?? new JobRecord { Job = item.Job };
            jobs[item.Job] = WithUsage(After(before, item), item);
        }
        return [.. jobs.Values];
    }

    public static JobRecord OfAd(JobAd ad)
    {
        bool bySignal = ad.Boolean("ExitBySignal");
        string? file = ad.Text("JobSubmitFile");
        return new JobRecord
        {
            Job = string.Create(CultureInfo.InvariantCulture, $"{ad.Integer("ClusterId")}.{ad.Integer("ProcId") ?? 0}"),
            Standing = ad.Integer("JobStatus") switch
            {
                1 => JobStanding.Idle,
                3 => JobStanding.Removed,
                4 => JobStanding.Completed,
                5 => JobStanding.Held,
                _ => JobStanding.Running,
            },
            HoldCode = Small(ad.Integer("HoldReasonCode")),
            HoldSubcode = Small(ad.Integer("HoldReasonSubCode")),
            HoldReason = ad.Text("HoldReason"),
            ExitCode = bySignal ? null : Small(ad.Integer("ExitCode")),
            Signal = bySignal ? Small(ad.Integer("ExitSignal")) : null,
            // MemoryUsage is an expression as a rule.
            MemoryUsed = ad.Integer("MemoryUsage") ?? ((ad.Integer("ResidentSetSize_RAW") + 1023) / 1024),
            MemoryAsked = ad.Integer("RequestMemory"),
            DiskUsed = ad.Integer("DiskUsage_RAW") ?? ad.Integer("DiskUsage"),
            DiskAsked = ad.Integer("RequestDisk"),
            Starts = Small(ad.Integer("NumJobStarts")) ?? 0,
            SubmitFile = file is null ? null : Path.Combine(ad.Text("Iwd") ?? "", file),
        };
    }

    private static JobRecord After(JobRecord job, JobEvent item) =>
        item.Number switch
        {
            1 => job with
            {
                Standing = JobStanding.Running,
                Starts = job.Starts + 1,
                HoldCode = null,
                HoldReason = null,
            },
            4 or 13 => job with { Standing = JobStanding.Idle },
            5 => job with
            {
                Standing = JobStanding.Completed,
                ExitCode = Find(item, ExitForm()),
                Signal = Find(item, SignalForm()),
            },
            9 => job with { Standing = JobStanding.Removed },
            12 => job with
            {
                Standing = JobStanding.Held,
                HoldReason = item.Lines.Skip(1).FirstOrDefault()?.Trim(),
                HoldCode = Find(item, CodeForm()),
                HoldSubcode = Find(item, SubcodeForm()),
            },
            _ => job,
        };

    // The table at the end of a run, and what is told while it runs.
    private static JobRecord WithUsage(JobRecord job, JobEvent item)
    {
        foreach (string line in item.Lines)
        {
            Match row = ResourceRow().Match(line);
            if (row.Success)
            {
                string[] numbers = row.Groups["numbers"].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                // Usage is left out where it is not known.
                long? used = numbers.Length == 3 ? Whole(numbers[0]) : null;
                long? asked = numbers.Length >= 2 ? Whole(numbers[^2]) : null;
                job =
                    row.Groups["what"].Value == "Disk"
                        ? job with
                        {
                            DiskUsed = used ?? job.DiskUsed,
                            DiskAsked = asked ?? job.DiskAsked,
                        }
                        : job with
                        {
                            MemoryUsed = Largest(job.MemoryUsed, used),
                            MemoryAsked = asked ?? job.MemoryAsked,
                        };
            }
            Match usage = UsageForm().Match(line);
            if (usage.Success)
            {
                job = job with { MemoryUsed = Largest(job.MemoryUsed, Whole(usage.Groups["number"].Value)) };
            }
        }
        return job;
    }

    private static long? Largest(long? a, long? b) =>
        a is { } first && b is { } second ? Math.Max(first, second) : a ?? b;

    private static long? Whole(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
        && Math.Abs(number) < 9e15
            ? (long)Math.Ceiling(number)
            : null;

    private static int? Small(long? number) => number is >= int.MinValue and <= int.MaxValue ? (int)number : null;

    private static int? Find(JobEvent item, Regex form) =>
        item
            .Lines.Select(line => form.Match(line))
            .Where(match => match.Success)
            .Select(match => int.TryParse(match.Groups["number"].Value, out int number) ? number : (int?)null)
            .FirstOrDefault();

    [GeneratedRegex(@"\(return value (?<number>-?\d+)\)")]
    private static partial Regex ExitForm();

    [GeneratedRegex(@"\(signal (?<number>\d+)\)")]
    private static partial Regex SignalForm();

    [GeneratedRegex(@"\A\s*Code (?<number>-?\d+) Subcode")]
    private static partial Regex CodeForm();

    [GeneratedRegex(@"\A\s*Code -?\d+ Subcode (?<number>-?\d+)")]
    private static partial Regex SubcodeForm();

    [GeneratedRegex(@"\A\s*(?<what>Disk|Memory) \((KB|MB)\)\s*:(?<numbers>[ \d.]+)\z")]
    private static partial Regex ResourceRow();

    [GeneratedRegex(@"\A\s*(?<number>\d+)\s+-\s+MemoryUsage of job")]
    private static partial Regex UsageForm();
}
