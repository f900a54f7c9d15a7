using System.Text.RegularExpressions;

namespace Packhorse.Tests.Lock;

/// <summary>
/// A second reading of a lock file as pixi or conda-lock write it, line by line and without YAML, to compare the real one with.
/// </summary>
internal sealed partial class LineReading
{
    /// <summary>Locations by environment and platform.</summary>
    public Dictionary<(string Environment, string Platform), List<string>> Used { get; } = [];

    /// <summary>The scalar members of each entry, by location: some locks have several for one.</summary>
    public Dictionary<string, List<Dictionary<string, string>>> Entries { get; } = [];

    public static LineReading Read(string text)
    {
        var reading = new LineReading();
        string[] lines = text.Split('\n');
        int flat = Array.FindIndex(lines, line => line.StartsWith("package:", StringComparison.Ordinal));
        if (flat >= 0)
        {
            reading.ReadFlat(lines[flat..]);
        }
        else
        {
            int packages = Array.FindIndex(lines, line => line.StartsWith("packages:", StringComparison.Ordinal));
            reading.ReadEnvironments(lines[..packages]);
            foreach (Dictionary<string, string> entry in ReadEntries(lines[packages..]))
            {
                reading.Add(Location(entry), entry);
            }
        }
        return reading;
    }

    private static string Location(Dictionary<string, string> entry) =>
        new[] { "conda", "conda_source", "pypi", "url", "path" }
            .Select(key => entry.GetValueOrDefault(key, ""))
            .First(value => value.Length > 0);

    private void Add(string location, Dictionary<string, string> entry)
    {
        if (!Entries.TryGetValue(location, out List<Dictionary<string, string>>? entries))
        {
            Entries[location] = entries = [];
        }
        entries.Add(entry);
    }

    private void ReadFlat(string[] lines)
    {
        foreach (Dictionary<string, string> entry in ReadEntries(lines))
        {
            if (entry.TryGetValue("manager", out string? manager))
            {
                entry["kind"] = manager;
                Add(entry["url"], entry);
                Use("default", entry["platform"]).Add(entry["url"]);
            }
        }
    }

    private void ReadEnvironments(string[] lines)
    {
        string environment = "";
        string platform = "";
        foreach (string line in lines)
        {
            if (EnvironmentLine().Match(line) is { Success: true } environmentMatch)
            {
                environment = environmentMatch.Groups[1].Value;
            }
            else if (PlatformLine().Match(line) is { Success: true } platformMatch)
            {
                platform = platformMatch.Groups[1].Value;
                Use(environment, platform);
            }
            else if (UseLine().Match(line) is { Success: true } use)
            {
                Use(environment, platform).Add(Unquote(use.Groups[1].Value));
            }
        }
    }

    private List<string> Use(string environment, string platform)
    {
        if (!Used.TryGetValue((environment, platform), out List<string>? locations))
        {
            Used[(environment, platform)] = locations = [];
        }
        return locations;
    }

    private static IEnumerable<Dictionary<string, string>> ReadEntries(string[] lines)
    {
        Dictionary<string, string>? entry = null;
        string? indent = null;
        foreach (string line in lines)
        {
            if (
                EntryLine().Match(line) is { Success: true } first
                && (indent ?? first.Groups[1].Value) == first.Groups[1].Value
            )
            {
                indent = first.Groups[1].Value;
                if (entry is not null)
                {
                    yield return entry;
                }
                entry = new() { [first.Groups[2].Value] = Unquote(first.Groups[3].Value) };
            }
            else if (entry is not null && MemberLine().Match(line) is { Success: true } member)
            {
                string value = Unquote(member.Groups[3].Value);
                // "hash:" of versions 1 to 3 has its members one level deeper.
                bool isMember =
                    member.Groups[1].Length == indent!.Length + 2 || member.Groups[2].Value is "sha256" or "md5";
                if (isMember && value is not ("" or "null"))
                {
                    entry.TryAdd(member.Groups[2].Value, value);
                }
            }
        }
        if (entry is not null)
        {
            yield return entry;
        }
    }

    private static string Unquote(string text) =>
        text.Length > 1 && text[0] is '"' or '\'' && text[^1] == text[0]
            ? text[1..^1].Replace(@"\\", @"\", StringComparison.Ordinal)
            : text;

    [GeneratedRegex(@"^  (\S+):$")]
    private static partial Regex EnvironmentLine();

    [GeneratedRegex(@"^      (\S+):$")]
    private static partial Regex PlatformLine();

    [GeneratedRegex(@"^ {6,8}- (?:conda|conda_source|pypi): (.+)$")]
    private static partial Regex UseLine();

    [GeneratedRegex(@"^( *)- ([a-z_0-9]+): ?(.*)$")]
    private static partial Regex EntryLine();

    [GeneratedRegex(@"^( +)([a-z_0-9]+): ?(.*)$")]
    private static partial Regex MemberLine();
}
