using Packhorse.Model;

namespace Packhorse.Lock;

/// <summary>
/// Versions 1 to 3, the format of conda-lock: one environment, and a flat list with an entry for every package and platform.
/// </summary>
internal static class LegacyLockReader
{
    public static LockFile Read(LockMembers root, int version, LockText text)
    {
        LockMembers metadata = root.Nested("metadata") ?? throw root.Missing("metadata");
        var platforms = new Dictionary<Platform, Dictionary<(bool IsConda, string Key), LockedPackage>>();
        foreach (YamlNode item in root.RequiredList("package").Items)
        {
            LockMembers entry = LockMembers.Of(item, "a package", text);
            Platform platform = ReadPlatform(entry);
            LockedPackage package = entry.RequiredText("manager") switch
            {
                "conda" => ReadConda(entry, platform),
                // "pip" until version 2
                "pypi" or "pip" => ReadPypi(entry),
                string other => throw entry.Corrupt(
                    "manager",
                    $"'manager' is conda, pypi or pip, not {EntryPath.Quote(other)}"
                ),
            };
            if (!platforms.TryGetValue(platform, out var packages))
            {
                platforms[platform] = packages = [];
            }
            packages.TryAdd((package is LockedCondaPackage, package.Location.Key), package);
            if (packages.Count > Limits.Packages)
            {
                throw new CorruptDataException(
                    ErrorCodes.LimitExceeded,
                    $"{text.Where}:{entry.Line}: more than {Limits.Packages:N0} packages for {platform}"
                );
            }
        }
        PlatformPackages[] locked =
        [
            .. platforms
                .OrderBy(pair => pair.Key.Subdir, StringComparer.Ordinal)
                .Select(pair => MakePlatform(pair.Key, pair.Value.Values)),
        ];
        var environment = new LockedEnvironment
        {
            Name = LockFile.DefaultEnvironment,
            Channels = EnvironmentSection.ReadChannels(metadata, text),
            Platforms = locked,
        };
        return new LockFile
        {
            Version = version,
            Environments = [environment],
            Platforms = [.. locked.Select(platform => platform.Platform)],
        };
    }

    private static PlatformPackages MakePlatform(Platform platform, IEnumerable<LockedPackage> packages)
    {
        LockedPackage[] sorted = [.. packages];
        Array.Sort(sorted, LockedPackage.Compare);
        return new PlatformPackages(new LockedPlatform { Name = platform.Subdir, Subdir = platform }, sorted);
    }

    private static Platform ReadPlatform(LockMembers entry)
    {
        string name = entry.RequiredText("platform");
        return Platform.TryParse(name, out Platform platform)
            ? platform
            : throw entry.Corrupt("platform", $"{EntryPath.Quote(name)} is no platform");
    }

    private static LockedCondaPackage ReadConda(LockMembers entry, Platform platform)
    {
        PackageLocation location = entry.Location("url") ?? throw entry.Missing("url");
        PackageFileName? derived = CondaEntry.ParseFileName(location);
        string? derivedSubdir = CondaEntry.DeriveSubdir(location);
        string name = entry.RequiredIdentityText("name");
        string version = entry.RequiredIdentityText("version");
        string build = entry.IdentityText("build") ?? derived?.Build ?? "";
        // The platform of the environment, which for a noarch package is not its subdir, is the last resort.
        string? written = Platform.TryParse(entry.Text("subdir"), out Platform known) ? known.Subdir : null;
        string subdir = written ?? derivedSubdir ?? platform.Subdir;
        (string? arch, string? os) = CondaEntry.DeriveArchAndPlatform(derivedSubdir ?? subdir);
        var identity = new CondaIdentity
        {
            Name = name,
            Version = version,
            Build = build,
            BuildNumber = entry.Unsigned("build_number") ?? CondaEntry.DeriveBuildNumber(build),
            Subdir = subdir,
            NoArch =
                CondaEntry.ReadNoArch(entry)
                ?? CondaEntry.DeriveNoArch(derivedSubdir ?? subdir, derived?.Build ?? build),
            Arch = entry.Text("arch") ?? arch,
            Platform = os,
        };
        LockMembers hash = entry.Nested("hash") ?? throw entry.Missing("hash");
        PackageRecord record = CondaEntry.ReadRecord(entry, identity) with
        {
            Depends = ReadDependencies(entry, MakePrecise) ?? [],
            Sha256 = hash.Sha256("sha256"),
            Md5 = hash.Md5("md5"),
            // An empty list meant "not known" here.
            Purls = entry.Texts("purls") is { Length: > 0 } purls ? purls : null,
        };
        if (!record.Content.IsVerifiable)
        {
            throw hash.Corrupt("expected 'sha256', 'md5' or both");
        }
        string fileName = derived is null
            ? $"{name}-{version}-{build}{PackageFileName.CondaExtension}"
            : location.FileName!;
        return CondaEntry.MakePackage(entry, location, fileName, record);
    }

    private static LockedPypiPackage ReadPypi(LockMembers entry)
    {
        PackageLocation location = entry.Location("url") ?? throw entry.Missing("url");
        LockedPypiPackage package = PypiEntry.ReadVersioned(entry, location, entry.Nested("hash"));
        return package with
        {
            RequiresDist = ReadDependencies(entry, constraint => constraint) ?? package.RequiresDist,
        };
    }

    /// <summary>A list of specs; in version 1 a mapping from name to constraint.</summary>
    private static string[]? ReadDependencies(LockMembers entry, Func<string, string> convert)
    {
        if (entry.Member("dependencies") is not YamlMap map)
        {
            return entry.Texts("dependencies");
        }
        var specs = new List<string>(map.Members.Count);
        foreach ((string name, YamlMember member) in map.Members)
        {
            string constraint = member.Value is YamlText text
                ? convert(text.Text)
                : throw entry.Corrupt("dependencies", $"the constraint of {EntryPath.Quote(name)} must be text");
            specs.Add($"{name} {constraint}".TrimEnd());
        }
        return [.. specs];
    }

    // A bare version means exactly that one, which later versions of the format write with "==". A build may follow.
    private static string MakePrecise(string constraint)
    {
        int version = constraint.IndexOf(' ', StringComparison.Ordinal);
        version = version < 0 ? constraint.Length : version;
        IEnumerable<string> alternatives = constraint[..version]
            .Split('|')
            .Select(alternative =>
                string.Join(',', alternative.Split(',').Select(part => IsBareVersion(part) ? "==" + part : part))
            );
        return string.Join('|', alternatives) + constraint[version..];
    }

    private static bool IsBareVersion(string text) =>
        text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '!' or '+');
}
