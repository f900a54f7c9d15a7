using Packhorse.Model;

namespace Packhorse.Lock;

/// <summary>
/// Version 7: platforms have names and are declared; conda archives, conda sources (<c>name[hash] @ location</c>) and Python
/// packages are each named by one text.
/// </summary>
internal sealed class Version7Reader(LockText text) : SectionedLockReader(text)
{
    private readonly Dictionary<(ReferenceKind, string), LockedPackage> _packages = [];

    protected override IReadOnlyDictionary<string, LockedPlatform> ReadPlatforms(
        LockMembers root,
        IEnumerable<EnvironmentSection> sections
    )
    {
        var platforms = new OrderedDictionary<string, LockedPlatform>(StringComparer.Ordinal);
        foreach (YamlNode item in root.List("platforms")?.Items ?? [])
        {
            LockMembers entry = LockMembers.Of(item, "a platform", Source);
            LockedPlatform platform = ReadPlatform(entry);
            if (!platforms.TryAdd(platform.Name, platform))
            {
                throw entry.Corrupt("name", $"duplicate platform name {EntryPath.Quote(platform.Name)}");
            }
        }
        return platforms;
    }

    protected override PackageReference ReadReference(LockMembers entry)
    {
        if (PackageReference.TryRead(entry) is { } reference)
        {
            return reference;
        }
        string identifier =
            entry.Text("conda_source")
            ?? throw entry.Corrupt("expected at least `conda`, `conda_source`, or `pypi` field");
        (_, string location) = SplitIdentifier(entry, identifier);
        return new PackageReference(
            ReferenceKind.CondaSource,
            identifier,
            entry.ParseLocation("conda_source", location)
        );
    }

    protected override void ReadPackage(LockMembers entry)
    {
        PackageReference reference = ReadReference(entry);
        LockedPackage package = reference.Kind switch
        {
            ReferenceKind.Conda => ReadConda(entry, reference.Location),
            ReferenceKind.CondaSource => ReadSource(entry, reference),
            _ => PypiEntry.Read(entry, reference.Location, hashes: entry),
        };
        _packages.TryAdd(KeyOf(reference), package);
    }

    protected override LockedPackage? Find(PackageReference reference, LockMembers selector, LockedPlatform platform) =>
        _packages.GetValueOrDefault(KeyOf(reference));

    private static (ReferenceKind, string) KeyOf(PackageReference reference) =>
        (reference.Kind, reference.Kind == ReferenceKind.CondaSource ? reference.Text : reference.Location.Key);

    private static LockedPlatform ReadPlatform(LockMembers entry)
    {
        string name = entry.RequiredText("name");
        if (!name.All(c => char.IsLetterOrDigit(c) || c is '_' or '-'))
        {
            throw entry.Corrupt(
                "name",
                $"a platform cannot be named {EntryPath.Quote(name)}: letters, digits, '-' and '_' are allowed"
            );
        }
        string? subdir = entry.Text("subdir");
        return Platform.TryParse(subdir ?? name, out Platform known)
            ? new LockedPlatform
            {
                Name = name,
                Subdir = known,
                VirtualPackages = entry.Texts("virtual-packages") ?? [],
            }
            : throw entry.Corrupt(
                subdir is null ? "name" : "subdir",
                $"{EntryPath.Quote(subdir ?? name)} is no subdir"
                    + (subdir is null ? ", and platform has no 'subdir'" : "")
            );
    }

    private static LockedCondaPackage ReadConda(LockMembers entry, PackageLocation location)
    {
        if (CondaEntry.ParseFileName(location) is null)
        {
            throw entry.Corrupt(
                "conda",
                $"{EntryPath.Quote(location.Text)} is no .conda or .tar.bz2 package; sources are under 'conda_source'"
            );
        }
        PackageRecord record = CondaEntry.ReadRecord(entry, CondaEntry.ReadIdentity(entry, location));
        return CondaEntry.MakePackage(entry, location, entry.Text("file_name") ?? location.FileName!, record);
    }

    private static LockedCondaSource ReadSource(LockMembers entry, PackageReference reference) =>
        new()
        {
            Name = SplitIdentifier(entry, reference.Text).Name,
            Version = entry.IdentityText("version"),
            Build = entry.IdentityText("build"),
            Subdir = entry.IdentityText("subdir"),
            Location = reference.Location,
            Identifier = reference.Text,
            CodeSource = CodeSource.Read(entry, "source"),
        };

    // "name[hash] @ location"
    private static (string Name, string Location) SplitIdentifier(LockMembers entry, string identifier)
    {
        const string Separator = "] @ ";
        int open = identifier.IndexOf('[', StringComparison.Ordinal);
        int close = open < 0 ? -1 : identifier.IndexOf(Separator, open, StringComparison.Ordinal);
        if (open <= 0 || close <= open + 1 || !LockMembers.IsIdentity(identifier[..open]))
        {
            throw entry.Corrupt(
                "conda_source",
                $"{EntryPath.Quote(identifier)} is not of the form 'name[hash] @ location'"
            );
        }
        return (identifier[..open], identifier[(close + Separator.Length)..]);
    }
}
