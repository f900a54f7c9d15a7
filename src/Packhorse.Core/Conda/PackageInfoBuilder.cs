using System.Text;
using System.Text.Json;
using Packhorse.Codecs;
using Packhorse.Model;

namespace Packhorse.Conda;

/// <summary>Collects the files of <c>info/</c> as they come by in a package and makes a <see cref="PackageInfo"/> of them.</summary>
public sealed class PackageInfoBuilder
{
    private const string DefaultPlaceholder = "/opt/anaconda1anaconda2anaconda3";

    private readonly string _where;
    private readonly Dictionary<string, byte[]> _files = new(StringComparer.Ordinal);
    private long? _aboutModified;
    private PackageRecord? _index;

    /// <param name="where">The package file, for messages.</param>
    public PackageInfoBuilder(string where) => _where = where;

    /// <summary>
    /// True when nothing that is still to come could change the result, so that reading can stop. Entry points come from link.json,
    /// which only noarch python packages have.
    /// </summary>
    public bool IsComplete =>
        Has("index.json")
        && Has("paths.json")
        && _aboutModified is not null
        && (Has("link.json") || _index?.NoArch != NoArchKind.Python);

    /// <summary>True when index.json and a list of paths were seen.</summary>
    public bool HasEssentials => Has("index.json") && (Has("paths.json") || Has("files"));

    /// <summary>Looks at one member of the package and keeps what is needed.</summary>
    /// <param name="path">Normalized, beginning with <c>info/</c>.</param>
    public void Add(string path, TarReader tar)
    {
        string name = path["info/".Length..];
        if (name == "about.json")
        {
            _aboutModified = tar.Current.Modified;
            return;
        }
        int limit = name switch
        {
            "index.json" or "paths.json" or "link.json" => Limits.JsonBytes,
            "files" or "has_prefix" or "no_link" => Limits.TextBytes,
            _ => 0,
        };
        if (limit > 0 && tar.Current.Type == TarEntryType.File)
        {
            _files[name] = tar.ReadAllBytes(limit);
            if (name == "index.json")
            {
                _index = PackageRecordJson.Read(Json(name), $"{_where}: info/index.json");
            }
        }
    }

    /// <exception cref="CorruptDataException">Something is missing or makes no sense.</exception>
    public PackageInfo Build()
    {
        PackageRecord index =
            _index
            ?? throw new CorruptDataException(
                ErrorCodes.BadPackage,
                $"{_where} has no info/index.json: it is no conda package"
            );
        bool known = Has("paths.json");
        IReadOnlyList<PackagePath> paths = known ? ReadPathsJson() : ReadOldLists();
        return new PackageInfo
        {
            Index = index,
            Paths = paths,
            PathTypesKnown = known,
            EntryPoints = index.NoArch == NoArchKind.Python && Has("link.json") ? ReadEntryPoints() : [],
            AboutModified = _aboutModified,
            LinkScripts = paths.Select(path => path.Path).Where(path => IsLinkScript(path, index.Name)).ToArray(),
        };
    }

    private bool Has(string name) => _files.ContainsKey(name);

    private JsonElement Json(string name) =>
        JsonMembers.Parse(_files[name], $"{_where}: info/{name}", ErrorCodes.BadPackage);

    private List<PackagePath> ReadPathsJson()
    {
        string where = $"{_where}: info/paths.json";
        JsonElement json = Json("paths.json");
        var root = new JsonMembers(json, where, ErrorCodes.BadPackage);
        if (root.Integer("paths_version") is not (null or 1))
        {
            throw new IncompatibleException(
                ErrorCodes.NewerFormat,
                $"{where} has version {root.Integer("paths_version")}, known is 1"
            );
        }
        if (root.Element("paths") is not { ValueKind: JsonValueKind.Array } list)
        {
            throw new CorruptDataException(ErrorCodes.BadPackage, $"{where}: 'paths' is missing");
        }
        if (list.GetArrayLength() > Limits.Members)
        {
            throw new CorruptDataException(
                ErrorCodes.LimitExceeded,
                $"{where} lists more than {Limits.Members:N0} paths"
            );
        }
        var paths = new List<PackagePath>(list.GetArrayLength());
        foreach (JsonElement item in list.EnumerateArray())
        {
            paths.Add(ReadPath(new JsonMembers(item, where, ErrorCodes.BadPackage), where));
        }
        return paths;
    }

    private static PackagePath ReadPath(JsonMembers entry, string where)
    {
        string path = PathOf(entry.RequiredString("_path"), where);
        string? placeholder = entry.String("prefix_placeholder");
        return new PackagePath
        {
            Path = path,
            Type = entry.String("path_type") switch
            {
                "hardlink" or null => PackagePathType.HardLink,
                "softlink" => PackagePathType.SoftLink,
                "directory" => PackagePathType.Directory,
                var other => throw new CorruptDataException(
                    ErrorCodes.BadPackage,
                    $"{where}: {EntryPath.Quote(path)} has the unknown type {EntryPath.Quote(other)}"
                ),
            },
            Sha256 = entry.Sha256("sha256"),
            Size = ReadSize(entry, path, where),
            NoLink = entry.Boolean("no_link"),
            Placeholder = string.IsNullOrEmpty(placeholder)
                ? null
                : MakePlaceholder(placeholder, entry.String("file_mode"), path, where),
        };
    }

    private static string PathOf(string text, string where) =>
        EntryPath.Normalize(text, where) is { Length: > 0 } path
            ? path
            : throw new CorruptDataException(
                ErrorCodes.UnsafePath,
                $"{where}: {EntryPath.Quote(text)} is the prefix itself, not a path in it"
            );

    private static long? ReadSize(JsonMembers entry, string path, string where) =>
        entry.Integer("size_in_bytes") is not { } size ? null
        : size is >= 0 and <= Limits.FileBytes ? size
        : throw new CorruptDataException(
            ErrorCodes.BadPackage,
            $"{where}: {EntryPath.Quote(path)} has the impossible size {size:N0}"
        );

    private static PrefixPlaceholder MakePlaceholder(string text, string? mode, string path, string where) =>
        text.Contains('\0') || text.Length > Limits.PathBytes
            ? throw new CorruptDataException(
                ErrorCodes.BadPackage,
                $"{where}: {EntryPath.Quote(path)} has an impossible placeholder"
            )
            : new PrefixPlaceholder(text, ReadMode(mode, path, where));

    private static PrefixFileMode ReadMode(string? mode, string path, string where) =>
        mode switch
        {
            "text" => PrefixFileMode.Text,
            "binary" => PrefixFileMode.Binary,
            _ => throw new CorruptDataException(
                ErrorCodes.BadPackage,
                $"{where}: {EntryPath.Quote(path)} has a placeholder but the file mode {EntryPath.Quote(mode ?? "")}"
            ),
        };

    private EntryPoint[] ReadEntryPoints()
    {
        string where = $"{_where}: info/link.json";
        var root = new JsonMembers(Json("link.json"), where, ErrorCodes.BadPackage);
        if (root.Element("noarch") is not { } noarch)
        {
            return [];
        }
        string[] texts = new JsonMembers(noarch, where, ErrorCodes.BadPackage).Strings("entry_points") ?? [];
        return [.. texts.Select(text => EntryPoint.Parse(text, where))];
    }

    // Packages from before paths.json: info/files names what to install, has_prefix and no_link say how.
    private List<PackagePath> ReadOldLists()
    {
        if (!Has("files"))
        {
            throw new CorruptDataException(
                ErrorCodes.BadPackage,
                $"{_where} has neither info/paths.json nor info/files: what to install is not known"
            );
        }
        var noLink = Lines("no_link").ToHashSet(StringComparer.Ordinal);
        Dictionary<string, PrefixPlaceholder> prefixes = ReadHasPrefix();
        var paths = new List<PackagePath>();
        foreach (string line in Lines("files"))
        {
            string path = PathOf(line, $"{_where}: info/files");
            if (path.StartsWith("info/", StringComparison.Ordinal))
            {
                continue;
            }
            paths.Add(
                new PackagePath
                {
                    Path = path,
                    NoLink = noLink.Contains(line),
                    Placeholder = prefixes.GetValueOrDefault(path),
                }
            );
        }
        return paths;
    }

    // "path", or "placeholder mode path", each in quotation marks where it has blanks.
    private Dictionary<string, PrefixPlaceholder> ReadHasPrefix()
    {
        var prefixes = new Dictionary<string, PrefixPlaceholder>(StringComparer.Ordinal);
        string where = $"{_where}: info/has_prefix";
        foreach (string line in Lines("has_prefix"))
        {
            List<string> fields = SplitQuoted(line);
            // A path with blanks and no quotation marks has been seen too: the mode tells.
            (string placeholder, string mode, string path) =
                fields.Count >= 3 && fields[1] is "text" or "binary"
                    ? (fields[0], fields[1], string.Join(' ', fields.Skip(2)))
                    : (DefaultPlaceholder, "text", line.Trim().Trim('"', '\''));
            path = PathOf(path, where);
            prefixes[path] = MakePlaceholder(placeholder, mode, path, where);
        }
        return prefixes;
    }

    private static List<string> SplitQuoted(string line)
    {
        var fields = new List<string>();
        var field = new StringBuilder();
        char quote = '\0';
        foreach (char c in line)
        {
            if (quote != '\0' ? c == quote : c is '"' or '\'' && field.Length == 0)
            {
                quote = quote == '\0' ? c : '\0';
            }
            else if (c == ' ' && quote == '\0')
            {
                if (field.Length > 0)
                {
                    fields.Add(field.ToString());
                    field.Clear();
                }
            }
            else
            {
                field.Append(c);
            }
        }
        if (field.Length > 0)
        {
            fields.Add(field.ToString());
        }
        return fields;
    }

    // One line at a time: a list at the limit on its bytes could be cut into tens of millions of strings.
    private IEnumerable<string> Lines(string name)
    {
        if (!_files.TryGetValue(name, out byte[]? bytes))
        {
            yield break;
        }
        int count = 0;
        for (int start = 0; start < bytes.Length; )
        {
            int length = bytes.AsSpan(start).IndexOf((byte)'\n');
            length = length < 0 ? bytes.Length - start : length;
            string line = Encoding.UTF8.GetString(bytes, start, length).TrimEnd('\r');
            start += length + 1;
            if (line.Length == 0)
            {
                continue;
            }
            if (++count > Limits.Members)
            {
                throw new CorruptDataException(
                    ErrorCodes.LimitExceeded,
                    $"{_where}: info/{name} has more than {Limits.Members:N0} lines"
                );
            }
            yield return line;
        }
    }

    private static bool IsLinkScript(string path, string name) =>
        path == $"bin/.{name}-post-link.sh"
        || path == $"bin/.{name}-pre-link.sh"
        || path == $"Scripts/.{name}-post-link.bat";
}
