using System.Globalization;
using System.Text.RegularExpressions;
using Packhorse.Model;

namespace Packhorse.Condor.Explain;

/// <summary>A job's ClassAd in the form of <c>condor_q -long</c> and of <c>.job.ad</c>: a line for each attribute.</summary>
public sealed partial class JobAd
{
    private readonly Dictionary<string, string> _attributes = new(StringComparer.OrdinalIgnoreCase);

    private JobAd() { }

    /// <summary>The ads of a text; an empty line is between two.</summary>
    /// <exception cref="CorruptDataException">There is none.</exception>
    public static IReadOnlyList<JobAd> ParseAll(string text, string where)
    {
        var ads = new List<JobAd>();
        JobAd? ad = null;
        foreach (string line in text.Split('\n'))
        {
            Match match = Attribute().Match(line.TrimEnd('\r'));
            if (match.Success)
            {
                if (ad is null)
                {
                    ads.Add(ad = new JobAd());
                }
                ad._attributes[match.Groups["name"].Value] = match.Groups["value"].Value.Trim();
            }
            else if (line.Trim().Length == 0)
            {
                ad = null;
            }
        }
        ads.RemoveAll(item => item.Integer("ClusterId") is null);
        return ads.Count > 0
            ? ads
            : throw new CorruptDataException(
                ErrorCodes.BadJobRecord,
                $"{where} is neither an event log nor the ad of a job"
            )
            {
                Hint = "give the log that the submit file names, a job's number, or what condor_q -long prints",
            };
    }

    /// <returns>Null for what is not there, or is no number by itself.</returns>
    public long? Integer(string name) =>
        _attributes.TryGetValue(name, out string? value)
        && double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
        && Math.Abs(number) < 9e15
            ? (long)number
            : null;

    public bool Boolean(string name) =>
        "true".Equals(_attributes.GetValueOrDefault(name), StringComparison.OrdinalIgnoreCase);

    public string? Text(string name)
    {
        string? value = _attributes.GetValueOrDefault(name);
        return value is ['"', .., '"'] && value.Length >= 2 ? Escape().Replace(value[1..^1], "$1") : null;
    }

    [GeneratedRegex(@"\A\s*(?<name>[A-Za-z_]\w*)\s*=(?!=)\s*(?<value>.*)\z")]
    private static partial Regex Attribute();

    [GeneratedRegex(@"\\(.)")]
    private static partial Regex Escape();
}
