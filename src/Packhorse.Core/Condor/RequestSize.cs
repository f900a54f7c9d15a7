using System.Globalization;
using System.Text.RegularExpressions;

namespace Packhorse.Condor;

/// <summary>Sizes as request_disk has them: KiB without a unit.</summary>
internal static partial class RequestSize
{
    /// <summary>Of a conditional expression the last branch, which is what a job that has not run yet asks for.</summary>
    /// <returns>Null for what is no size.</returns>
    public static long? Kibibytes(string? text)
    {
        Match match = Size().Match(LastBranch().Replace(text?.Trim() ?? "", "${last}"));
        if (!match.Success)
        {
            return null;
        }
        double factor = match.Groups["unit"].Value.ToUpperInvariant() switch
        {
            "" or "K" => 1,
            "B" => 1.0 / 1024,
            "M" => 1024,
            "G" => 1 << 20,
            _ => 1L << 30,
        };
        double value = double.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture) * factor;
        return value < long.MaxValue / 2048.0 ? (long)Math.Ceiling(value) : null;
    }

    /// <summary>
    /// KiB, rounded up as condor_schedd rounds what it believes a job to use before it has run (SCHEDD_ROUND_ATTR_DiskUsage = 25%): to
    /// quarters of its power of ten. A slot with less is not held to what the job really uses where HOLD_IF_DISK_EXCEEDED is set, but to that.
    /// </summary>
    public static long InSteps(long bytes)
    {
        long whole = (bytes + 1023) / 1024;
        long power = 1;
        while (power <= whole / 10)
        {
            power *= 10;
        }
        long quarter = Math.Max(power / 4, 1);
        return (whole + quarter - 1) / quarter * quarter;
    }

    /// <summary>As a submit file has it: whole MB, rounded up.</summary>
    public static string Text(long bytes) =>
        string.Create(CultureInfo.InvariantCulture, $"{(bytes + (1 << 20) - 1) >> 20} MB");

    [GeneratedRegex(@"\A(?<number>\d{1,15}(\.\d{1,6})?)\s*(?<unit>[KMGTkmgt]|B(?!\w))?(i?[Bb])?\z")]
    private static partial Regex Size();

    [GeneratedRegex(@"\AifThenElse\(.*,\s*(?<last>[^,()]+)\)\z", RegexOptions.IgnoreCase)]
    private static partial Regex LastBranch();
}

/// <summary>Numbers of bytes for people.</summary>
internal static class ByteText
{
    public static string Of(long bytes) =>
        bytes >= 10_000_000_000 ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0} GB")
        : bytes >= 1_000_000_000 ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.0} GB")
        : string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(bytes / 1e6):0} MB");
}
