using Packhorse.Model;

namespace Packhorse.Lock;

/// <summary>
/// Versions 4 to 7: <c>environments</c> refer by location to the entries of <c>packages</c>. The subclasses know how an entry is
/// written and what a reference means.
/// </summary>
internal abstract class SectionedLockReader(LockText text)
{
    protected LockText Source { get; } = text;

    public LockFile Read(LockMembers root, int version)
    {
        List<EnvironmentSection> sections = EnvironmentSection.ReadAll(root, Source);
        IReadOnlyDictionary<string, LockedPlatform> platforms = ReadPlatforms(root, sections);
        foreach (YamlNode entry in root.RequiredList("packages").Items)
        {
            ReadPackage(LockMembers.Of(entry, "a package", Source));
        }
        return new LockFile
        {
            Version = version,
            Environments = [.. sections.Select(section => Resolve(section, platforms))],
            Platforms = [.. platforms.Values],
        };
    }

    /// <summary>By name, in the order of the file. Before version 7 they are the subdirs that environments use.</summary>
    protected virtual IReadOnlyDictionary<string, LockedPlatform> ReadPlatforms(
        LockMembers root,
        IEnumerable<EnvironmentSection> sections
    )
    {
        var platforms = new OrderedDictionary<string, LockedPlatform>(StringComparer.Ordinal);
        foreach (SelectorSection used in sections.SelectMany(section => section.Platforms))
        {
            Platform subdir = Platform.TryParse(used.PlatformName, out Platform known)
                ? known
                : throw Source.Corrupt(used.Line, $"{EntryPath.Quote(used.PlatformName)} is no platform");
            platforms.TryAdd(used.PlatformName, new LockedPlatform { Name = used.PlatformName, Subdir = subdir });
        }
        return platforms;
    }

    /// <summary>Keeps one entry of <c>packages</c>.</summary>
    protected abstract void ReadPackage(LockMembers entry);

    /// <returns>Null where no entry is meant.</returns>
    protected abstract LockedPackage? Find(PackageReference reference, LockMembers selector, LockedPlatform platform);

    /// <summary>Which of the keys that name a location an entry or a selector has.</summary>
    protected abstract PackageReference ReadReference(LockMembers entry);

    private LockedEnvironment Resolve(
        EnvironmentSection section,
        IReadOnlyDictionary<string, LockedPlatform> platforms
    ) =>
        new()
        {
            Name = section.Name,
            Channels = section.Channels,
            Indexes = section.Indexes,
            Platforms = [.. section.Platforms.Select(used => Resolve(section.Name, used, platforms))],
        };

    private PlatformPackages Resolve(
        string environment,
        SelectorSection used,
        IReadOnlyDictionary<string, LockedPlatform> platforms
    )
    {
        if (!platforms.TryGetValue(used.PlatformName, out LockedPlatform? platform))
        {
            throw Source.Corrupt(
                used.Line,
                $"environment {EntryPath.Quote(environment)} is using an unknown platform {EntryPath.Quote(used.PlatformName)}"
            );
        }
        var packages = new HashSet<LockedPackage>(ReferenceEqualityComparer.Instance);
        foreach (YamlNode item in used.Selectors.Items)
        {
            LockMembers selector = LockMembers.Of(item, "a package", Source);
            PackageReference reference = ReadReference(selector);
            packages.Add(
                Find(reference, selector, platform)
                    ?? throw selector.Corrupt(
                        $"environment {EntryPath.Quote(environment)} and platform {EntryPath.Quote(used.PlatformName)} "
                            + $"refer to a package that is not in 'packages': {EntryPath.Quote(reference.Text)}"
                    )
            );
        }
        LockedPackage[] sorted = [.. packages];
        Array.Sort(sorted, LockedPackage.Compare);
        return new PlatformPackages(platform, sorted);
    }
}

internal enum ReferenceKind
{
    Conda,
    CondaSource,
    Pypi,
}

/// <param name="Text">As written.</param>
/// <param name="Location">What is at the end of <paramref name="Text"/> for <c>name[hash] @ location</c>.</param>
internal readonly record struct PackageReference(ReferenceKind Kind, string Text, PackageLocation Location)
{
    /// <summary>Reads <c>conda:</c> or <c>pypi:</c>; null where there is neither.</summary>
    public static PackageReference? TryRead(LockMembers entry)
    {
        (ReferenceKind kind, string key) = entry.Has("conda")
            ? (ReferenceKind.Conda, "conda")
            : (ReferenceKind.Pypi, "pypi");
        return entry.Text(key) is { } text ? new PackageReference(kind, text, entry.ParseLocation(key, text)) : null;
    }
}
