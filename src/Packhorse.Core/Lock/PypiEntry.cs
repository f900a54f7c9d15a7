using Packhorse.Model;

namespace Packhorse.Lock;

/// <summary>What all versions of the format share about the entry of a Python package.</summary>
internal static class PypiEntry
{
    /// <summary>As <see cref="Read"/>, for the versions in which every package has a version.</summary>
    public static LockedPypiPackage ReadVersioned(LockMembers entry, PackageLocation location, LockMembers? hashes) =>
        Read(entry, location, hashes) is { Version: not null } package ? package : throw entry.Missing("version");

    /// <param name="hashes">Has <c>sha256</c> and <c>md5</c>: the entry itself, but in versions 1 to 3 its <c>hash</c>.</param>
    public static LockedPypiPackage Read(LockMembers entry, PackageLocation location, LockMembers? hashes) =>
        new()
        {
            Name = PythonName.Normalize(entry.RequiredIdentityText("name")),
            Version = entry.IdentityText("version"),
            Location = location,
            Sha256 = hashes?.Sha256("sha256"),
            Md5 = hashes?.Md5("md5"),
            RequiresDist = entry.Texts("requires_dist") ?? [],
            RequiresPython = entry.Text("requires_python"),
            Editable = entry.Boolean("editable"),
        };
}
