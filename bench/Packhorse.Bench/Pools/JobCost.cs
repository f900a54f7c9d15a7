using System.Globalization;
using System.Text.RegularExpressions;
using Packhorse.Condor.Explain;

namespace Packhorse.Bench.Pools;

/// <summary>What a job cost: times from its log and from itself, use of memory and disk as HTCondor measured it.</summary>
internal sealed partial record JobCost
{
    public required string Job { get; init; }

    public required string Slot { get; init; }

    /// <summary>What HTCondor says of it.</summary>
    public required JobRecord Record { get; init; }

    /// <summary>From its submission to the first transfer: negotiation.</summary>
    public required TimeSpan Matched { get; init; }

    /// <summary>Of inputs.</summary>
    public required TimeSpan Transfer { get; init; }

    /// <summary>From the end of the transfer to the program's first line.</summary>
    public required TimeSpan Start { get; init; }

    /// <summary>Of the program's first imports.</summary>
    public required TimeSpan Import { get; init; }

    /// <summary>Transfer, start and imports: what passes before it works.</summary>
    public TimeSpan Total => Transfer + Start + Import;

    /// <summary>Lines for HTCondor's configuration: times of events to the millisecond.</summary>
    public static string LogFormat => "DEFAULT_USERLOG_FORMAT_OPTIONS = ISO_DATE, SUB_SECOND\n";

    /// <summary>
    /// The beginning of a program: it prints when it began, when the imports were done, and where its environment is.
    /// </summary>
    public static string Prologue(string imports) =>
        $"""
            import time
            begin = time.time()
            import {imports}
            done = time.time()
            import sys
            print("%.6f %.6f %s" % (begin, done, sys.prefix), flush=True)

            """;

    /// <param name="log">All of it; every job of it has ended.</param>
    /// <param name="outputOf">A job's standard output; gets its number.</param>
    public static IReadOnlyList<JobCost> Read(string log, Func<string, string> outputOf)
    {
        IReadOnlyList<JobEvent> events = EventLog.Parse(log);
        return
        [
            .. JobRecord
                .OfEvents(events)
                .Select(record => Of(record, [.. events.Where(item => item.Job == record.Job)], outputOf(record.Job))),
        ];
    }

    private static JobCost Of(JobRecord record, JobEvent[] events, string output)
    {
        if (record is not { Standing: JobStanding.Completed, ExitCode: 0 })
        {
            throw new InvalidOperationException(
                $"job {record.Job} did not end well:\n{string.Join('\n', events.SelectMany(item => item.Lines))}\n{output}"
            );
        }
        DateTime transferred = TimeOf(events, "Finished transferring input files");
        DateTime transferring = TimeOf(events, "Started transferring input files");
        string[] told = output.Split('\n')[0].Split(' ');
        DateTime begin = FromEpoch(told[0]);
        return new JobCost
        {
            Job = record.Job,
            Slot = SlotOf(events),
            Record = record,
            Matched = transferring - TimeOf(events, "Job submitted"),
            Transfer = transferred - transferring,
            Start = begin - transferred,
            Import = FromEpoch(told[1]) - begin,
        };
    }

    private static DateTime FromEpoch(string seconds) =>
        DateTime.UnixEpoch.AddSeconds(double.Parse(seconds, CultureInfo.InvariantCulture));

    // Of a job that was started several times, the last.
    private static DateTime TimeOf(JobEvent[] events, string what)
    {
        Match match = events
            .Select(item => Head().Match(item.Lines[0]))
            .Last(match => match.Success && match.Groups["what"].Value.StartsWith(what, StringComparison.Ordinal));
        return DateTime.Parse(
            match.Groups["time"].Value,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal
        );
    }

    private static string SlotOf(JobEvent[] events) =>
        events
            .SelectMany(item => item.Lines)
            .Select(line => SlotName().Match(line))
            .LastOrDefault(match => match.Success)
            ?.Groups["slot"]
            .Value
        ?? "";

    [GeneratedRegex(@"\A\d{3} \([\d.]+\) (?<time>\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?)Z? (?<what>.*)\z")]
    private static partial Regex Head();

    [GeneratedRegex(@"SlotName: (?<slot>\S+)")]
    private static partial Regex SlotName();
}
