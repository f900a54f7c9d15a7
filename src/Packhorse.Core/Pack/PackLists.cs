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
    private readonly HashSet<string> _repodata = new(StringComparer.Ordinal);

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
        _repodata.Add(path);
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

    /// <summary>
    /// After all repodata: nothing that the lists name is missing, and no directory of packages is without its list, or an environment
    /// with holes would pass for a whole one.
    /// </summary>
    /// <param name="sizes">Of what the pack holds, in bytes.</param>
    /// <exception cref="CorruptDataException">Something is missing.</exception>
    public void CheckComplete(IReadOnlyDictionary<string, long> sizes)
    {
        foreach (PackMember member in _members.Values)
        {
            if (!sizes.TryGetValue(member.Path, out long size))
            {
                throw Missing(
                    $"{PackManifest.Path} lists {EntryPath.Quote(member.Path)}, but the pack does not hold it"
                );
            }
            if (size != member.Size)
            {
                throw new CorruptDataException(
                    ErrorCodes.SizeMismatch,
                    $"{_where}: {member.Path} has {size:N0} bytes, {member.Size:N0} were expected"
                );
            }
        }
        foreach (string path in sizes.Keys)
        {
            if (
                PackLayout.TrySplitChannelPath(path, out string? subdir, out string? name)
                && PackageFileName.TryGetKind(name, out _)
                && !_repodata.Contains(PackLayout.RepodataPath(subdir))
            )
            {
                throw Missing(
                    $"it holds {EntryPath.Quote(path)}, but no {EntryPath.Quote(PackLayout.RepodataPath(subdir))} that says what the packages are"
                );
            }
        }
        foreach (PackedPackage package in _packages.Where(package => !sizes.ContainsKey(package.Path)))
        {
            throw Missing($"it lists {EntryPath.Quote(package.Path)} but does not hold it");
        }
        if (_packages.Count == 0)
        {
            throw Missing("it holds no packages");
        }
        AddWheels(sizes.Keys.Where(PackLayout.IsWheel));
    }

    // No list names them but the manifest: a pack has the wheels that lie in it.
    private void AddWheels(IEnumerable<string> paths)
    {
        foreach (string path in paths)
        {
            PackMember? member = _members.GetValueOrDefault(path);
            if (_hasManifest && member is null)
            {
                throw new CorruptDataException(
                    ErrorCodes.BadPack,
                    $"{_where} holds {EntryPath.Quote(path)}, which {PackManifest.Path} does not list"
                );
            }
            _packages.Add(PackedPackage.CreateWheel(path, member, _where));
        }
    }

    private CorruptDataException Missing(string what) =>
        new(ErrorCodes.BadPack, $"{_where} is damaged or incomplete: {what}")
        {
            Hint = "pack again, or copy the pack again",
        };

    /// <summary>All packages, wheels too, sorted by path.</summary>
    public IReadOnlyList<PackedPackage> Packages() =>
        [.. _packages.OrderBy(package => package.Path, StringComparer.Ordinal)];
}
