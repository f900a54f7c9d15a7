using Packhorse.Codecs;
using Packhorse.Model;

namespace Packhorse.Pack;

/// <summary>Brings together what the manifest and the repodata.json of each subdir say of a pack's packages.</summary>
internal sealed class PackLists
{
    private readonly Dictionary<string, PackMember> _members;
    private readonly bool _hasManifest;
    private readonly string _where;
    private readonly List<PackedPackage> _packages = [];

    /// <param name="members">Of the manifest; null when it has none.</param>
    public PackLists(IReadOnlyList<PackMember>? members, string where)
    {
        _hasManifest = members is not null;
        _where = where;
        _members = new Dictionary<string, PackMember>(StringComparer.Ordinal);
        foreach (PackMember member in members ?? [])
        {
            if (!_members.TryAdd(member.Path, member))
            {
                throw new CorruptDataException(
                    ErrorCodes.BadPack,
                    $"{where}: {PackManifest.Path} lists {EntryPath.Quote(member.Path)} twice"
                );
            }
        }
    }

    /// <exception cref="CorruptDataException">It is damaged, or not what the manifest says.</exception>
    public void AddRepodata(string path, string subdir, byte[] content)
    {
        if (_hasManifest)
        {
            if (!_members.TryGetValue(path, out PackMember? member) || member.Sha256 != Sha256.Hash(content))
            {
                throw new CorruptDataException(
                    ErrorCodes.DigestMismatch,
                    $"{_where}: {path} is not what {PackManifest.Path} says"
                );
            }
        }
        foreach ((string fileName, PackageRecord record) in Repodata.Parse(content, subdir, $"{_where}: {path}"))
        {
            PackMember? member = _members.GetValueOrDefault(PackLayout.PackagePath(subdir, fileName));
            if (_hasManifest && member is null)
            {
                throw new CorruptDataException(
                    ErrorCodes.BadPack,
                    $"{_where}: {path} lists {EntryPath.Quote(fileName)}, {PackManifest.Path} does not"
                );
            }
            _packages.Add(PackedPackage.Create(subdir, fileName, record, member));
        }
    }

    /// <summary>All packages, sorted by path.</summary>
    public IReadOnlyList<PackedPackage> Packages() =>
        [.. _packages.OrderBy(package => package.Path, StringComparer.Ordinal)];
}
