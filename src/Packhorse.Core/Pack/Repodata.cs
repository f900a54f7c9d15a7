using System.Text.Json;
using Packhorse.Model;

namespace Packhorse.Pack;

/// <summary><c>repodata.json</c> of one subdir (CEP 36): the packages by file name, of both its maps.</summary>
public static class Repodata
{
    /// <exception cref="CorruptDataException">Not repodata, or with unsafe names.</exception>
    public static IReadOnlyDictionary<string, PackageRecord> Parse(
        ReadOnlyMemory<byte> utf8,
        string subdir,
        string where
    )
    {
        var json = new JsonMembers(JsonMembers.Parse(utf8, where, ErrorCodes.BadPack), where, ErrorCodes.BadPack);
        var packages = new SortedDictionary<string, PackageRecord>(StringComparer.Ordinal);
        foreach (string map in (string[])["packages", "packages.conda"])
        {
            if (json.Element(map) is not { } entries)
            {
                continue;
            }
            if (entries.ValueKind != JsonValueKind.Object)
            {
                throw new CorruptDataException(ErrorCodes.BadPack, $"{where}: '{map}' is no object");
            }
            foreach (JsonProperty entry in entries.EnumerateObject())
            {
                Add(
                    packages,
                    new JsonMembers(entries, where, ErrorCodes.BadPack).NameOf(entry),
                    entry.Value,
                    (subdir, where)
                );
            }
        }
        return packages;
    }

    private static void Add(
        SortedDictionary<string, PackageRecord> packages,
        string fileName,
        JsonElement value,
        (string Subdir, string Where) of
    )
    {
        (string subdir, string where) = of;
        if (
            !EntryPath.IsSafe(fileName)
            || fileName.Contains('/')
            || fileName.Any(char.IsControl)
            || !PackageFileName.TryGetKind(fileName, out _)
        )
        {
            throw new CorruptDataException(
                ErrorCodes.BadPack,
                $"{where}: {EntryPath.Quote(fileName)} is no name of a package"
            );
        }
        PackageRecord record = PackageRecordJson.Read(value, $"{where}: {fileName}");
        if (record.Subdir.Length == 0)
        {
            record = record with { Subdir = subdir };
        }
        if (!packages.TryAdd(fileName, record) || packages.Count > Limits.Packages)
        {
            throw new CorruptDataException(
                ErrorCodes.BadPack,
                $"{where}: {EntryPath.Quote(fileName)} is listed twice, or there are more than {Limits.Packages:N0} packages"
            );
        }
    }
}
