using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Packhorse.TestChannel;

/// <summary>Makes the conda package of a group from its files: its kind, its record, entry points of its modules.</summary>
/// <param name="groups">All groups of the channel.</param>
internal sealed partial class GroupPacker(IReadOnlyList<DebianGroup> groups, PrefixLayout layout, string glibc)
{
    private readonly Dictionary<string, DebianGroup> _owners = groups
        .SelectMany(group => group.Packages.Select(package => (package.Name, group)))
        .ToDictionary(owned => owned.Name, owned => owned.group, StringComparer.Ordinal);

    private readonly Dictionary<string, DebianGroup> _groups = groups.ToDictionary(group => group.Name);

    /// <summary><c>3.11</c></summary>
    public string PythonVersion => Path.GetDirectoryName(layout.SitePackages)!["lib/python".Length..];

    // "cp311"
    public string PythonTag => "cp" + PythonVersion.Replace(".", "", StringComparison.Ordinal);

    public PackageBuilder Build(DebianGroup group, PrefixTree tree)
    {
        bool hasModules = tree.Files.Any(file =>
            file.Path.StartsWith(layout.SitePackages + "/", StringComparison.Ordinal)
        );
        PackageBuilder builder = new PackageBuilder(group.Name, group.Version, BuildString(group, hasModules))
            .Placeholder(Placeholder.For(group.Name))
            .License("LicenseRef-Debian-copyright")
            .Timestamp(tree.Modified * 1000)
            .DependsOn(Dependencies(group, hasModules));
        if (group.IsArchitectureAll && hasModules)
        {
            builder.NoArchPython();
            AddModules(builder, tree);
            return builder;
        }
        if (group.IsArchitectureAll)
        {
            builder.NoArchGeneric();
        }
        else
        {
            builder.Subdir(Machine.Subdir);
        }
        if (group.Name == "python")
        {
            builder.SitePackages(layout.SitePackages);
        }
        tree.AddTo(builder);
        return builder;
    }

    /// <summary>A specification that the channel's package satisfies, of the shape that conda-build writes.</summary>
    public string Pin(string name)
    {
        string version = _groups[name].Version;
        Match major = Major().Match(version);
        if (name == "python")
        {
            int minor = int.Parse(PythonVersion[2..], CultureInfo.InvariantCulture);
            return $"python >={PythonVersion},<3.{minor + 1}.0a0";
        }
        return major.Success
            ? $"{name} >={version},<{long.Parse(major.Value, CultureInfo.InvariantCulture) + 1}.0a0"
            : $"{name} >={version}";
    }

    private string BuildString(DebianGroup group, bool hasModules) =>
        group switch
        {
            { Name: "python" } => $"h{group.Hash}_0_cpython",
            { IsArchitectureAll: true } when hasModules => $"pyh{group.Hash}_0",
            _ when hasModules => $"py{PythonTag[2..]}h{group.Hash}_0",
            _ => $"h{group.Hash}_0",
        };

    private IEnumerable<string> Dependencies(DebianGroup group, bool hasModules)
    {
        IEnumerable<string> names = group.DependsOn(_owners);
        if (group.IsArchitectureAll)
        {
            // Of noarch packages nothing but the names: they go with any version of Python.
            return names.Select(name => name == "python" ? "python >=3.8" : name);
        }
        IEnumerable<string> specs = names.Select(Pin).Prepend($"__glibc >={glibc},<3.0.a0");
        return hasModules && group.Name != "python"
            ? specs.Append($"python_abi {PythonVersion}.* *_{PythonTag}")
            : specs;
    }

    private void AddModules(PackageBuilder builder, PrefixTree tree)
    {
        HashSet<string> commands = new(StringComparer.Ordinal);
        foreach (PrefixFile file in tree.Files.Where(IsEntryPoints))
        {
            foreach (string entryPoint in EntryPoints(Encoding.UTF8.GetString(file.Content)))
            {
                if (commands.Add(entryPoint.Split(' ')[0]))
                {
                    builder.AddEntryPoint(entryPoint);
                }
            }
        }
        PrefixTree mapped = new();
        foreach (PrefixFile file in tree.Files)
        {
            if (!file.Path.StartsWith("bin/", StringComparison.Ordinal))
            {
                string path = file.Path.StartsWith(layout.SitePackages + "/", StringComparison.Ordinal)
                    ? "site-packages" + file.Path[layout.SitePackages.Length..]
                    : file.Path;
                mapped.Set(file with { Path = path });
            }
            else if (!commands.Contains(file.Path["bin/".Length..]))
            {
                mapped.Set(file with { Path = "python-scripts" + file.Path["bin".Length..] });
            }
        }
        foreach ((string package, byte[] text) in tree.Licenses)
        {
            mapped.Licenses[package] = text;
        }
        mapped.AddTo(builder);
    }

    // Of the modules themselves, not of copies of others that they have within.
    private bool IsEntryPoints(PrefixFile file) =>
        Path.GetFileName(file.Path) == "entry_points.txt"
        && Path.GetDirectoryName(Path.GetDirectoryName(file.Path)) == layout.SitePackages;

    // "name = module:attribute [extras]" of the two sections that become commands.
    private static IEnumerable<string> EntryPoints(string text)
    {
        bool inSection = false;
        foreach (string line in text.Split('\n').Select(line => line.Trim()))
        {
            Match entry = EntryPoint().Match(line);
            if (line.StartsWith('['))
            {
                inSection = line is "[console_scripts]" or "[gui_scripts]";
            }
            else if (inSection && entry.Success)
            {
                yield return $"{entry.Groups["name"].Value} = {entry.Groups["place"].Value}";
            }
        }
    }

    [GeneratedRegex(@"^[0-9]{1,9}(?=\.|$)")]
    private static partial Regex Major();

    [GeneratedRegex(@"^(?<name>[^\s=]+)\s*=\s*(?<place>[\w.]+:[\w.]+)", RegexOptions.ExplicitCapture)]
    private static partial Regex EntryPoint();
}
