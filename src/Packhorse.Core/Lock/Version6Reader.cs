namespace Packhorse.Lock;

/// <summary>
/// Version 6: an entry begins with its location, and what the location tells is left out. <c>conda:</c> with a location that is no
/// archive is a source package; several of them may share a location and are told apart by name, version, build and subdir.
/// </summary>
internal sealed class Version6Reader(LockText text) : SectionedLockReader(text)
{
    private readonly Dictionary<string, List<(CondaIdentity Identity, LockedPackage Package)>> _conda = new(
        StringComparer.Ordinal
    );
    private readonly Dictionary<string, LockedPypiPackage> _pypi = new(StringComparer.Ordinal);

    protected override PackageReference ReadReference(LockMembers entry) =>
        PackageReference.TryRead(entry) ?? throw entry.Corrupt("expected at least `conda` or `pypi` field");

    protected override void ReadPackage(LockMembers entry)
    {
        PackageReference reference = ReadReference(entry);
        PackageLocation location = reference.Location;
        if (reference.Kind == ReferenceKind.Pypi)
        {
            _pypi[location.Key] = PypiEntry.ReadVersioned(entry, location, hashes: entry);
            return;
        }
        CondaIdentity identity = CondaEntry.ReadIdentity(entry, location);
        LockedPackage package = CondaEntry.ParseFileName(location) is null
            ? ReadSource(entry, location, identity)
            : CondaEntry.MakePackage(entry, location, location.FileName!, CondaEntry.ReadRecord(entry, identity));
        if (!_conda.TryGetValue(location.Key, out var sameLocation))
        {
            _conda[location.Key] = sameLocation = [];
        }
        sameLocation.Add((identity, package));
    }

    protected override LockedPackage? Find(PackageReference reference, LockMembers selector, LockedPlatform platform)
    {
        string key = reference.Location.Key;
        if (reference.Kind == ReferenceKind.Pypi)
        {
            return _pypi.GetValueOrDefault(key);
        }
        string? name = selector.Text("name");
        string? version = selector.Text("version");
        string? build = selector.Text("build");
        string? subdir = selector.Text("subdir");
        return _conda
            .GetValueOrDefault(key)
            ?.Find(candidate =>
                (name is null || name == candidate.Identity.Name)
                && (version is null || version == candidate.Identity.Version)
                && (build is null || build == candidate.Identity.Build)
                && (subdir is null || subdir == candidate.Identity.Subdir)
            )
            .Package;
    }

    private static LockedCondaSource ReadSource(LockMembers entry, PackageLocation location, CondaIdentity identity) =>
        new()
        {
            Name = identity.Name,
            Version = identity.Version,
            Build = entry.IdentityText("build"),
            Subdir = identity.Subdir,
            Location = location,
            Identifier = $"{identity.Name} @ {location}",
            CodeSource = CodeSource.Read(entry, "package_build_source"),
        };
}
