using System.Globalization;
using System.Text.RegularExpressions;
using Packhorse.Model;

namespace Packhorse.TestChannel;

/// <summary>Asks apt what packages there are. Works as any user once the lists have been fetched.</summary>
internal static partial class Apt
{
    /// <summary>The candidates of those names that apt knows; the others are left out.</summary>
    /// <exception cref="MissingToolException">This is no Debian or Ubuntu machine.</exception>
    public static Dictionary<string, DebianPackage> Show(IEnumerable<string> names)
    {
        Dictionary<string, DebianPackage> packages = new(StringComparer.Ordinal);
        // So many at a time that the command line stays short enough.
        foreach (string[] chunk in names.Distinct().Order(StringComparer.Ordinal).Chunk(500))
        {
            // It exits with 100 when one name is unknown, and shows the others nevertheless.
            string text = Tool.Run("apt-cache", ["show", "--no-all-versions", .. chunk], mayFail: true).Output;
            foreach (string stanza in text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
            {
                if (Parse(stanza) is { } package)
                {
                    packages.TryAdd(package.Name, package);
                }
            }
        }
        return packages;
    }

    /// <summary>The packages, and all that they depend on.</summary>
    /// <param name="stop">Names that are neither taken nor followed.</param>
    /// <exception cref="MissingToolException">A seed is not known to apt.</exception>
    public static Dictionary<string, DebianPackage> Closure(IReadOnlyList<string> seeds, Regex stop)
    {
        Dictionary<string, DebianPackage> closure = new(StringComparer.Ordinal);
        Dictionary<string, DebianPackage> found = Show(seeds);
        RequireAll(seeds, found);
        while (found.Count > 0)
        {
            foreach ((string name, DebianPackage package) in found)
            {
                closure.TryAdd(name, package);
            }
            List<IReadOnlyList<string>> open =
            [
                .. found
                    .Values.SelectMany(package => package.Depends)
                    .Where(choice => !choice.Any(name => closure.ContainsKey(name) || stop.IsMatch(name))),
            ];
            Dictionary<string, DebianPackage> known = Show(open.SelectMany(choice => choice));
            found = open.Select(choice => choice.FirstOrDefault(known.ContainsKey))
                .OfType<string>()
                .Distinct()
                .ToDictionary(name => name, name => known[name], StringComparer.Ordinal);
        }
        return closure;
    }

    /// <summary>
    /// Does something with apt's lists; as root, once more with new lists when it failed: they may be empty on a new machine, or
    /// name versions that are gone.
    /// </summary>
    public static T WithCurrentLists<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (MissingToolException) when (Machine.IsRoot && Tool.Exists("apt-get"))
        {
            Tool.Run("apt-get", ["-q", "update"], mayFail: true);
            return action();
        }
    }

    private static void RequireAll(IReadOnlyList<string> names, Dictionary<string, DebianPackage> found)
    {
        string[] missing = [.. names.Where(name => !found.ContainsKey(name))];
        if (missing.Length > 0)
        {
            throw new MissingToolException(
                $"apt does not know {string.Join(", ", missing)}",
                "run 'apt-get update' as root, or add the release's main archive to its sources"
            );
        }
    }

    private static DebianPackage? Parse(string stanza)
    {
        Dictionary<string, string> fields = new(StringComparer.Ordinal);
        foreach (Match field in Field().Matches(stanza))
        {
            fields.TryAdd(field.Groups["name"].Value, field.Groups["value"].Value);
        }
        if (
            !fields.TryGetValue("Package", out string? name)
            || !fields.TryGetValue("SHA256", out string? hex)
            || !Digest.TryParse(hex, out Digest sha256)
        )
        {
            return null;
        }
        string relations = $"{fields.GetValueOrDefault("Pre-Depends")},{fields.GetValueOrDefault("Depends")}";
        return new DebianPackage
        {
            Name = name,
            Version = fields["Version"],
            Architecture = fields["Architecture"],
            Source = fields.GetValueOrDefault("Source", name).Split(' ')[0],
            Sha256 = sha256,
            InstalledSize = long.Parse(fields.GetValueOrDefault("Installed-Size", "0"), CultureInfo.InvariantCulture),
            Depends =
            [
                .. relations
                    .Split(',', StringSplitOptions.RemoveEmptyEntries)
                    .Select(relation => (string[])[.. relation.Split('|').Select(NameOf)]),
            ],
        };
    }

    // "python3:any (>= 3.7~)" -> "python3"
    private static string NameOf(string relation) => RelationName().Match(relation).Value;

    [GeneratedRegex(@"^(?<name>[A-Za-z0-9-]+): (?<value>.*)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Field();

    [GeneratedRegex("[a-z0-9][a-z0-9+.-]*")]
    private static partial Regex RelationName();
}
