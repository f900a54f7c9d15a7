using System.Text.RegularExpressions;

namespace Packhorse.Tests.BadInput;

/// <summary>How often which exit code and which error code came.</summary>
internal sealed partial class Counts
{
    public SortedDictionary<int, int> ExitCodes { get; } = [];

    public SortedDictionary<string, int> Errors { get; } = new(StringComparer.Ordinal);

    public void Add(CliResult result)
    {
        ExitCodes[result.ExitCode] = ExitCodes.GetValueOrDefault(result.ExitCode) + 1;
        foreach (Match code in Code().Matches(result.Error))
        {
            Errors[code.Groups[1].Value] = Errors.GetValueOrDefault(code.Groups[1].Value) + 1;
        }
    }

    public override string ToString() =>
        string.Join(", ", ExitCodes.Select(pair => $"exit {pair.Key}: {pair.Value}"))
        + "; "
        + string.Join(", ", Errors.Select(pair => $"{pair.Key}: {pair.Value}"));

    [GeneratedRegex(@"\[(PH\d{4})\]")]
    private static partial Regex Code();
}
