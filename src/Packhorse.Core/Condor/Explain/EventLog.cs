using System.Globalization;
using System.Text.RegularExpressions;

namespace Packhorse.Condor.Explain;

/// <summary>An event of a job.</summary>
/// <param name="Number">Of the kind of event: 0 submitted, 5 ended, 12 held.</param>
/// <param name="Job">As in "12.0".</param>
/// <param name="Lines">All of it, the first line included.</param>
public sealed record JobEvent(int Number, string Job, IReadOnlyList<string> Lines);

/// <summary>Reads the log that <c>log</c> of a submit file names: events, each ended by a line of three dots.</summary>
public static partial class EventLog
{
    public static bool IsOne(string text) => Head().IsMatch(text);

    /// <summary>An event that is still being written is left out.</summary>
    public static IReadOnlyList<JobEvent> Parse(string text)
    {
        var events = new List<JobEvent>();
        var lines = new List<string>();
        foreach (string line in text.Split('\n').Select(line => line.TrimEnd('\r')))
        {
            if (line != "...")
            {
                lines.Add(line);
                continue;
            }
            Match match = Head().Match(lines.Count > 0 ? lines[0] : "");
            if (
                match.Success
                && int.TryParse(
                    match.Groups["number"].Value,
                    NumberStyles.None,
                    CultureInfo.InvariantCulture,
                    out int number
                )
                && long.TryParse(
                    match.Groups["cluster"].Value,
                    NumberStyles.None,
                    CultureInfo.InvariantCulture,
                    out long cluster
                )
                && long.TryParse(
                    match.Groups["process"].Value,
                    NumberStyles.None,
                    CultureInfo.InvariantCulture,
                    out long process
                )
            )
            {
                string job = string.Create(CultureInfo.InvariantCulture, $"{cluster}.{process}");
                events.Add(new JobEvent(number, job, [.. lines]));
            }
            lines.Clear();
        }
        return events;
    }

    // Common files are transferred in the name of a process with a negative number, which is no job.
    [GeneratedRegex(@"\A\s*(?<number>\d{3}) \((?<cluster>\d+)\.(?<process>\d+)\.\d+\) ")]
    private static partial Regex Head();
}
