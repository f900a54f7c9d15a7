using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Packhorse.Model;

namespace Packhorse.TestChannel;

/// <summary>Writes the two archive formats of conda packages (CEP 35) and what stands in <c>info/</c> (CEP 34).</summary>
internal sealed class PackageArchiveWriter(PackageRecord record, PackageContents contents, ArchiveQuirks quirks)
{
    // Escapes nothing but what JSON must have escaped, as conda's own writers do.
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    // A fraction, as almost all real packages have, so that a reader that drops it is noticed.
    private decimal Modified => ((record.Timestamp ?? 0) / 1000) + 0.25m;

    public required Action<JsonObject> EditIndex { get; init; }

    public required Action<JsonObject> EditPaths { get; init; }

    public void WriteConda(Stream output)
    {
        ZipWriter zip = new(output);
        if (!quirks.OmitMetadataJson)
        {
            Add(zip, "metadata.json", "{\"conda_pkg_format_version\": 2}");
        }
        string stem = record.DistributionName;
        if (quirks.InfoBeforePkg)
        {
            AddTar(zip, $"info-{stem}.tar.zst", InfoMembers());
        }
        if (!quirks.OmitPkg)
        {
            AddTar(zip, $"pkg-{stem}.tar.zst", PackageMembers());
        }
        if (!quirks.InfoBeforePkg)
        {
            // After the files, whose digests have then been taken while they were written.
            AddTar(zip, $"info-{stem}.tar.zst", InfoMembers());
        }
        zip.Finish();
    }

    public void WriteTarBz2(Stream output) =>
        Compression.BZip2(new TarArchive([.. InfoMembers(), .. PackageMembers()], quirks.TarFormat, Modified), output);

    private void Add(ZipWriter zip, string name, FileContent content) =>
        zip.Add(quirks.MemberDirectory + name, content, quirks.Zip);

    private void AddTar(ZipWriter zip, string name, IEnumerable<TarMember> members)
    {
        TarArchive tar = new(members, quirks.TarFormat, Modified);
        zip.Add(quirks.MemberDirectory + name, stream => Compression.Zstd(tar, stream, quirks.Zstd), quirks.Zip);
    }

    private IEnumerable<TarMember> PackageMembers() =>
        [.. contents.Entries.Select(entry => entry.ToMember()), .. contents.ExtraMembers];

    private IEnumerable<TarMember> InfoMembers()
    {
        SortedDictionary<string, FileContent> files = new(StringComparer.Ordinal)
        {
            ["about.json"] = Serialize(new JsonObject { ["summary"] = $"{record.Name} made for tests" }),
            ["files"] = Lines(contents.Entries.Select(entry => entry.Path)),
            ["index.json"] = Index(),
        };
        AddUnlessEmpty("has_prefix", Lines(contents.Entries.Where(HasPrefix).Select(HasPrefixLine)));
        AddUnlessEmpty("no_link", Lines(contents.Entries.Where(entry => entry.NoLink).Select(entry => entry.Path)));
        if (!quirks.OmitPathsJson)
        {
            files["paths.json"] = PathsJson();
        }
        if (record.NoArch == NoArchKind.Python)
        {
            files["link.json"] = LinkJson();
        }
        foreach ((string path, FileContent content) in contents.Info)
        {
            files[path] = content;
        }
        return files
            .Where(file => !contents.OmittedInfo.Contains(file.Key))
            .Select(file => new TarMember("info/" + file.Key) { Content = file.Value });

        void AddUnlessEmpty(string path, FileContent content)
        {
            if (content.Length > 0)
            {
                files[path] = content;
            }
        }
    }

    private static bool HasPrefix(PackageContents.Entry entry) => entry.Prefix != PrefixMode.None;

    private static string HasPrefixLine(PackageContents.Entry entry)
    {
        string mode = entry.Prefix == PrefixMode.Text ? "text" : "binary";
        string path = entry.Path.Contains(' ', StringComparison.Ordinal) ? $"\"{entry.Path}\"" : entry.Path;
        return $"{entry.Placeholder} {mode} {path}";
    }

    private FileContent Index()
    {
        JsonObject index = new()
        {
            ["arch"] = Platform.TryParse(record.Subdir, out Platform platform) ? platform.Architecture : null,
            ["build"] = record.Build,
            ["build_number"] = record.BuildNumber,
            ["depends"] = Strings(record.Depends),
            ["license"] = record.License,
            ["name"] = record.Name,
            ["platform"] = platform.OperatingSystem,
            ["subdir"] = record.Subdir,
            ["timestamp"] = record.Timestamp,
            ["version"] = record.Version,
        };
        if (record.Constrains.Count > 0)
        {
            index["constrains"] = Strings(record.Constrains);
        }
        if (record.NoArch != NoArchKind.None)
        {
            index["noarch"] = record.NoArch == NoArchKind.Python ? "python" : "generic";
        }
        if (record.PythonSitePackagesPath is not null)
        {
            index["python_site_packages_path"] = record.PythonSitePackagesPath;
        }
        if (record.TrackFeatures.Count > 0)
        {
            index["track_features"] = string.Join(' ', record.TrackFeatures);
        }
        EditIndex(index);
        return Serialize(index);
    }

    private FileContent PathsJson()
    {
        JsonArray paths = [];
        foreach (PackageContents.Entry entry in contents.Entries)
        {
            FileContent content = entry.LinkTarget is null ? entry.Content : contents.ResolveLink(entry);
            JsonObject path = new()
            {
                ["_path"] = entry.Path,
                ["path_type"] = entry.LinkTarget is null ? "hardlink" : "softlink",
                ["sha256"] = content.Sha256.ToString(),
                ["size_in_bytes"] = content.Length,
            };
            if (HasPrefix(entry))
            {
                path["file_mode"] = entry.Prefix == PrefixMode.Text ? "text" : "binary";
                path["prefix_placeholder"] = entry.Placeholder;
            }
            if (entry.NoLink)
            {
                path["no_link"] = true;
            }
            paths.Add((JsonNode)path);
        }
        JsonObject whole = new() { ["paths"] = paths, ["paths_version"] = 1 };
        EditPaths(whole);
        return Serialize(whole);
    }

    private FileContent LinkJson()
    {
        JsonObject noarch = new() { ["type"] = "python" };
        if (contents.EntryPoints.Count > 0)
        {
            noarch["entry_points"] = Strings(contents.EntryPoints);
        }
        return Serialize(new JsonObject { ["noarch"] = noarch, ["package_metadata_version"] = 1 });
    }

    private static JsonArray Strings(IEnumerable<string> values) =>
        [.. values.Select(value => JsonValue.Create(value))];

    private static FileContent Serialize(JsonObject value) => value.ToJsonString(Indented);

    private static FileContent Lines(IEnumerable<string> lines) =>
        Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n")));
}
