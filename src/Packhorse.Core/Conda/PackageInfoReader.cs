using Packhorse.Codecs;
using Packhorse.Model;

namespace Packhorse.Conda;

/// <summary>Reads <c>info/</c> of a package without reading the whole package where its format allows.</summary>
public static class PackageInfoReader
{
    /// <param name="where">The package file, for messages.</param>
    /// <exception cref="CorruptDataException">This is no conda package, or it is damaged.</exception>
    public static PackageInfo Read(IRandomAccess package, PackageArchiveKind kind, string where) =>
        kind == PackageArchiveKind.Conda ? ReadConda(package, where) : ReadTarBz2(package, where);

    // The part named info-* comes last in the file but is found by the directory. Packages of one part only have all in that.
    private static PackageInfo ReadConda(IRandomAccess package, string where)
    {
        ZipDirectory zip = ZipDirectory.Read(package, where);
        var builder = new PackageInfoBuilder(where);
        foreach (
            ZipMember part in zip
                .Members.Where(member => member.Name.EndsWith(".tar.zst", StringComparison.Ordinal))
                .OrderBy(member => IsInfoPart(member.Name) ? 0 : 1)
        )
        {
            if (builder.IsComplete)
            {
                break;
            }
            if (!IsInfoPart(part.Name) && builder.HasEssentials)
            {
                break;
            }
            using Stream compressed = zip.Open(part);
            using var decoder = new ZstdStream(compressed, $"{where}: {part.Name}");
            Collect(new TarReader(decoder, where), builder, where);
        }
        return builder.Build();
    }

    private static PackageInfo ReadTarBz2(IRandomAccess package, string where)
    {
        var builder = new PackageInfoBuilder(where);
        using Stream compressed = package.AsStream();
        using var decoder = new Bzip2Stream(compressed, where);
        Collect(new TarReader(decoder, where), builder, where);
        return builder.Build();
    }

    // conda-build writes info/ first, so that reading stops early.
    private static void Collect(TarReader tar, PackageInfoBuilder builder, string where)
    {
        while (!builder.IsComplete && tar.MoveNext())
        {
            string path = EntryPath.Normalize(tar.Current.Name, where);
            if (path.StartsWith("info/", StringComparison.Ordinal))
            {
                builder.Add(path, tar);
            }
        }
    }

    private static bool IsInfoPart(string name) =>
        name[(name.LastIndexOf('/') + 1)..].StartsWith("info-", StringComparison.Ordinal);
}
