using System.Text;
using System.Text.Json;
using Packhorse.Codecs;
using Packhorse.Conda;
using Packhorse.Model;

namespace Packhorse.Install;

/// <summary>
/// The records that make a directory a conda environment (CEP 32): <c>conda-meta/NAME-VERSION-BUILD.json</c> as rattler writes them,
/// without members that name directories of the machine at hand, and <c>conda-meta/history</c>.
/// </summary>
public static class CondaMeta
{
    public const string HistoryPath = "conda-meta/history";
    public const string CacheTagPath = "CACHEDIR.TAG";

    /// <summary>
    /// Records of wheels, in the form of those of conda packages: by them an update knows what is there. Conda looks for its own only
    /// in the directory above.
    /// </summary>
    public const string WheelRecords = "conda-meta/packhorse-wheels";

    /// <summary>What pixi-unpack writes; only that the file exists matters.</summary>
    public static ReadOnlySpan<byte> History => "// not relevant for pixi but for `conda run -p`"u8;

    /// <summary>bford.info/cachedir: backup programs leave the directory out.</summary>
    public static ReadOnlySpan<byte> CacheTag =>
        "Signature: 8a477f597d28d172789f06886806bc55\n"u8
        + "# This file is a cache directory tag: what is here can be unpacked again.\n"u8
        + "# For information about cache directory tags, see:\n"u8
        + "#\thttps://bford.info/cachedir/\n"u8;

    internal const string RecordExtension = ".json";

    /// <summary>Where records are, relative to the prefix.</summary>
    public const string Directory = "conda-meta";

    public static string RecordPath(PackageRecord record) => RecordPath(record.DistributionName);

    /// <param name="name"><see cref="PackageRecord.DistributionName"/>.</param>
    public static string RecordPath(string name) =>
        name.EndsWith($"-{PackageRecord.WheelBuild}", StringComparison.Ordinal)
            ? $"{WheelRecords}/{name}{RecordExtension}"
            : $"{Directory}/{name}{RecordExtension}";

    /// <summary>The reverse of <see cref="RecordPath(string)"/>.</summary>
    internal static string NameOf(string recordPath) =>
        recordPath[(recordPath.LastIndexOf('/') + 1)..^RecordExtension.Length];

    /// <summary>Paths that are the installer's own.</summary>
    public static IEnumerable<string> ReservedPaths(IEnumerable<PackageRecord> records) =>
        records
            .Select(RecordPath)
            .Concat([
                HistoryPath,
                CacheTagPath,
                EnvironmentMarker.Path,
                InstalledDigests.Path,
                UpdateJournal.Path,
                StageNames.Inner,
                StageNames.Incoming,
            ]);

    /// <summary>Paths in the order in which a record has them.</summary>
    public static IEnumerable<LinkedPath> Ordered(LinkedPackage linked) =>
        linked.Paths.OrderBy(path => path.Target, StringComparer.Ordinal);

    /// <summary>The record of one package after it was installed.</summary>
    public static byte[] WriteRecord(LinkedPackage linked)
    {
        PackageToInstall package = linked.Plan.Package;
        LinkedPath[] paths = [.. Ordered(linked)];
        return SerdeJson.Write(json =>
        {
            json.WriteStartObject();
            PackageRecordJson.WriteMembers(json, package.Record);
            json.WriteString("fn", package.FileName);
            json.WriteString("url", package.Url);
            json.WriteString("channel", package.Channel);
            json.WriteStartArray("requested_specs");
            json.WriteEndArray();
            json.WriteStartArray("files");
            foreach (LinkedPath path in paths)
            {
                json.WriteStringValue(path.Target);
            }
            json.WriteEndArray();
            json.WriteStartObject("paths_data");
            json.WriteNumber("paths_version", 1);
            json.WriteStartArray("paths");
            foreach (LinkedPath path in paths)
            {
                WritePath(json, path);
            }
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndObject();
        });
    }

    private static void WritePath(Utf8JsonWriter json, LinkedPath path)
    {
        json.WriteStartObject();
        json.WriteString("_path", path.Target);
        if (path.ClobberedPath is not null)
        {
            json.WriteString("original_path", path.ClobberedPath);
        }
        json.WriteString(
            "path_type",
            path.Kind switch
            {
                LinkedPathKind.SoftLink => "softlink",
                LinkedPathKind.EntryPoint => "unix_python_entry_point",
                _ => "hardlink",
            }
        );
        if (path.Source is { NoLink: true })
        {
            json.WriteBoolean("no_link", true);
        }
        // Of a link the text is digested: what it points to may be anything.
        Digest? inPrefix = path.LinkText is { } text ? Sha256.Hash(Encoding.UTF8.GetBytes(text)) : path.Sha256InPrefix;
        // Old packages do not tell: then only what is in the prefix is known. What was made here is its own original.
        Digest? packaged = path.Source is null ? inPrefix : path.Source.Sha256;
        if (packaged is not null)
        {
            json.WriteString("sha256", packaged.Value.ToString());
        }
        if (inPrefix is { } installed && installed != packaged)
        {
            json.WriteString("sha256_in_prefix", installed.ToString());
        }
        if (path.Size is { } size)
        {
            json.WriteNumber("size_in_bytes", size);
        }
        if (path.Source?.Placeholder is { } placeholder && path.Kind == LinkedPathKind.File)
        {
            json.WriteString("file_mode", placeholder.Mode == PrefixFileMode.Text ? "text" : "binary");
            json.WriteString("prefix_placeholder", placeholder.Text);
        }
        json.WriteEndObject();
    }
}
