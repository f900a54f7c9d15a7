using System.Formats.Tar;

namespace Packhorse.TestChannel;

/// <summary>One file or symbolic link of a Debian package.</summary>
/// <param name="Path">Without a leading slash.</param>
/// <param name="LinkTarget">Of symbolic links, as it stands there.</param>
internal sealed record DebEntry(string Path, byte[] Content, int Mode, string? LinkTarget, DateTimeOffset Modified);

/// <summary>Reads the data archive of a .deb, whatever its compression.</summary>
internal static class DebArchive
{
    /// <summary>Files and symbolic links in the archive's order; hard links become files.</summary>
    public static List<DebEntry> Read(string deb)
    {
        List<DebEntry> entries = [];
        Tool.Read("dpkg-deb", ["--fsys-tarfile", deb], stream => Read(stream, entries));
        return entries;
    }

    private static void Read(Stream stream, List<DebEntry> entries)
    {
        Dictionary<string, DebEntry> files = new(StringComparer.Ordinal);
        using TarReader tar = new(stream, leaveOpen: true);
        while (tar.GetNextEntry() is { } entry)
        {
            string path = Normalize(entry.Name);
            DebEntry? read = entry.EntryType switch
            {
                TarEntryType.RegularFile or TarEntryType.V7RegularFile => new DebEntry(
                    path,
                    Content(entry),
                    (int)entry.Mode & 0x1FF,
                    LinkTarget: null,
                    entry.ModificationTime
                ),
                TarEntryType.SymbolicLink => new DebEntry(path, [], 0x1FF, entry.LinkName, entry.ModificationTime),
                TarEntryType.HardLink => files[Normalize(entry.LinkName)] with { Path = path },
                _ => null,
            };
            if (read is not null)
            {
                files[path] = read;
                entries.Add(read);
            }
        }
    }

    private static string Normalize(string name) =>
        name.StartsWith("./", StringComparison.Ordinal) ? name[2..] : name.TrimStart('/');

    private static byte[] Content(TarEntry entry)
    {
        byte[] content = new byte[entry.Length];
        entry.DataStream?.ReadExactly(content);
        return content;
    }
}
