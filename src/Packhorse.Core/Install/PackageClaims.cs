using Packhorse.Model;

namespace Packhorse.Install;

/// <summary>One package's claims to paths, and those of its files that have to give way.</summary>
internal sealed class PackageClaims(PackageRecord record, PathClaims claims)
{
    private int _clobbered;
    private string? _first;

    /// <summary>Some of the package's paths belong to others.</summary>
    public bool Any => _clobbered > 0;

    /// <returns>Where the file goes, and where it would have gone had no other package the right to that path.</returns>
    /// <exception cref="CorruptDataException">There is no place for it at all.</exception>
    public (string Place, string? Original) Claim(string path)
    {
        if (claims.TryClaimFile(path))
        {
            return (path, null);
        }
        string aside = $"{InstallPlan.ClobberedDirectory}/{record.Name}/{path}";
        if (!EntryPath.IsSafe(aside) || !claims.TryClaimFile(aside))
        {
            throw new CorruptDataException(
                ErrorCodes.BadPackage,
                $"{record}: no place for {EntryPath.Quote(path)}, which another package owns"
            );
        }
        _clobbered++;
        _first ??= path;
        return (aside, path);
    }

    public void WarnOf(List<string> warnings)
    {
        if (Any)
        {
            warnings.Add(
                $"{_clobbered} path(s) of {record} belong to another package, such as {EntryPath.Quote(_first!)}; kept below {InstallPlan.ClobberedDirectory}/{record.Name}/"
            );
        }
    }
}
