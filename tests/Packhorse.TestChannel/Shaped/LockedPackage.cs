using Packhorse.Model;
using YamlDotNet.RepresentationModel;

namespace Packhorse.TestChannel;

/// <summary>What a lock file says of one conda package.</summary>
internal sealed record LockedPackage(PackageRecord Record, PackageArchiveKind Kind)
{
    /// <summary>The conda packages of one environment in a lock file of version 6 or 7.</summary>
    /// <exception cref="InvalidDataException">No such environment or platform.</exception>
    public static List<LockedPackage> Read(string lockFile, string environment, string platform)
    {
        YamlStream yaml = new();
        using (StreamReader reader = new(lockFile))
        {
            yaml.Load(reader);
        }
        YamlNode root = yaml.Documents[0].RootNode;
        Dictionary<string, YamlNode> entries = [];
        foreach (YamlNode entry in (YamlSequenceNode)root["packages"])
        {
            if (Text(entry, "conda") is { } location)
            {
                entries.TryAdd(location, entry);
            }
        }
        YamlNode? packages = Child(Child(Child(Child(root, "environments"), environment), "packages"), platform);
        if (packages is not YamlSequenceNode sequence)
        {
            throw new InvalidDataException($"{lockFile} has no environment {environment} for {platform}");
        }
        return
        [
            .. sequence
                .Select(node => Text(node, "conda"))
                .OfType<string>()
                .Select(location => Parse(location, entries[location]))
                .OfType<LockedPackage>(),
        ];
    }

    private static LockedPackage? Parse(string location, YamlNode entry)
    {
        string[] segments = Uri.UnescapeDataString(location).Split('/');
        // Anything else is a package that is to be built from its source.
        if (!PackageFileName.TryParse(segments[^1], out PackageFileName? name))
        {
            return null;
        }
        string subdir = segments[^2];
        bool isPython = name.Build.Contains("py", StringComparison.Ordinal);
        PackageRecord record = new()
        {
            Name = name.Name,
            Version = name.Version,
            Build = name.Build,
            BuildNumber = ulong.TryParse(Text(entry, "build_number"), out ulong number)
                ? number
                : TrailingNumber(name.Build),
            Subdir = subdir,
            NoArch =
                subdir != "noarch" ? NoArchKind.None
                : Text(entry, "noarch") is { } noarch ? (noarch == "python" ? NoArchKind.Python : NoArchKind.Generic)
                : isPython ? NoArchKind.Python
                : NoArchKind.Generic,
            Depends = Texts(entry, "depends"),
            Constrains = Texts(entry, "constrains"),
            License = Text(entry, "license"),
            LicenseFamily = Text(entry, "license_family"),
            Size = long.TryParse(Text(entry, "size"), out long size) ? size : null,
            Timestamp = long.TryParse(Text(entry, "timestamp"), out long time) ? time : 0,
            PythonSitePackagesPath = Text(entry, "python_site_packages_path"),
        };
        return new LockedPackage(record, name.Kind);
    }

    private static ulong TrailingNumber(string build)
    {
        int digits = build.Reverse().TakeWhile(char.IsAsciiDigit).Count();
        return ulong.TryParse(build.AsSpan(build.Length - digits), out ulong number) ? number : 0;
    }

    private static YamlNode? Child(YamlNode? node, string key) =>
        node is YamlMappingNode map && map.Children.TryGetValue(new YamlScalarNode(key), out YamlNode? child)
            ? child
            : null;

    private static string? Text(YamlNode node, string key) => (Child(node, key) as YamlScalarNode)?.Value;

    private static string[] Texts(YamlNode node, string key) =>
        Child(node, key) is YamlSequenceNode sequence
            ? [.. sequence.Select(item => ((YamlScalarNode)item).Value ?? "")]
            : [];
}
