using Packhorse.Model;

namespace Packhorse.Lock;

/// <summary>
/// Versions 4 and 5 (version 5 adds <c>indexes</c>): entries have a <c>kind</c>, a name and either <c>url</c> or <c>path</c>. Several
/// entries may share a URL.
/// </summary>
internal sealed class Version4Reader(LockText text) : SectionedLockReader(text)
{
    private readonly Dictionary<string, List<LockedCondaPackage>> _conda = new(StringComparer.Ordinal);
    private readonly Dictionary<string, LockedPypiPackage> _pypi = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Key, Platform Platform), LockedCondaPackage> _merged = [];

    protected override PackageReference ReadReference(LockMembers entry) =>
        PackageReference.TryRead(entry) ?? throw entry.Corrupt("expected 'conda' or 'pypi'");

    protected override void ReadPackage(LockMembers entry)
    {
        PackageLocation location = (entry.Location("url"), entry.Location("path")) switch
        {
            ({ } url, null) => url,
            (null, { } path) => path,
            _ => throw entry.Corrupt("expected either 'url' or 'path'"),
        };
        switch (entry.RequiredText("kind"))
        {
            case "conda":
                if (!_conda.TryGetValue(location.Key, out List<LockedCondaPackage>? sameLocation))
                {
                    _conda[location.Key] = sameLocation = [];
                }
                sameLocation.Add(ReadConda(entry, location));
                break;
            case "pypi":
                _pypi[location.Key] = PypiEntry.ReadVersioned(entry, location, hashes: entry);
                break;
            case string other:
                throw entry.Corrupt("kind", $"'kind' is conda or pypi, not {EntryPath.Quote(other)}");
        }
    }

    protected override LockedPackage? Find(PackageReference reference, LockMembers selector, LockedPlatform platform)
    {
        string key = reference.Location.Key;
        if (reference.Kind == ReferenceKind.Pypi)
        {
            return _pypi.GetValueOrDefault(key);
        }
        if (_merged.TryGetValue((key, platform.Subdir), out LockedCondaPackage? merged))
        {
            return merged;
        }
        if (!_conda.TryGetValue(key, out List<LockedCondaPackage>? candidates))
        {
            return null;
        }
        List<LockedCondaPackage> ofPlatform = candidates.FindAll(candidate =>
            candidate.Record.Subdir == platform.Subdir.Subdir
        );
        merged = (ofPlatform.Count > 0 ? ofPlatform : candidates).Aggregate(Merge);
        _merged[(key, platform.Subdir)] = merged;
        return merged;
    }

    // Old writers listed a package once with and once without what they learned later.
    private static LockedCondaPackage Merge(LockedCondaPackage first, LockedCondaPackage next) =>
        first with
        {
            Record = first.Record with
            {
                Purls = first.Record.Purls ?? next.Record.Purls,
                RunExports = first.Record.RunExports ?? next.Record.RunExports,
                Md5 = first.Record.Md5 ?? next.Record.Md5,
                Sha256 = first.Record.Sha256 ?? next.Record.Sha256,
            },
        };

    private static LockedCondaPackage ReadConda(LockMembers entry, PackageLocation location)
    {
        string name = entry.RequiredIdentityText("name");
        string version = entry.RequiredIdentityText("version");
        string build = entry.IdentityText("build") ?? "";
        string? fileName = entry.Text("file_name") ?? location.FileName;
        if (fileName is null || !PackageFileName.TryParse(fileName, out PackageFileName? parsed))
        {
            parsed = new PackageFileName(name, version, build, PackageArchiveKind.Conda);
            fileName = parsed.ToString();
        }
        build = build.Length > 0 ? build : parsed.Build;
        ulong buildNumber = entry.Unsigned("build_number") ?? 0;
        string subdir =
            entry.IdentityText("subdir") ?? CondaEntry.DeriveSubdir(location) ?? throw entry.Missing("subdir");
        (string? arch, string? platform) = CondaEntry.DeriveArchAndPlatform(subdir);
        var identity = new CondaIdentity
        {
            Name = name,
            Version = version,
            Build = build,
            BuildNumber = buildNumber > 0 ? buildNumber : CondaEntry.DeriveBuildNumber(build),
            Subdir = subdir,
            // Not derived: these versions write it down for every noarch package.
            NoArch = CondaEntry.ReadNoArch(entry) ?? NoArchKind.None,
            Arch = entry.Text("arch") ?? arch,
            Platform = entry.Text("platform") ?? platform,
        };
        return CondaEntry.MakePackage(entry, location, fileName, CondaEntry.ReadRecord(entry, identity));
    }
}
