using Packhorse.Codecs;
using Packhorse.Model;

namespace Packhorse.Wheels;

/// <summary>Reads what a wheel says of itself, by its directory and the files of its <c>.dist-info</c>.</summary>
public sealed class WheelReader
{
    private const string DistInfoSuffix = ".dist-info";
    private const string DataSuffix = ".data";

    private readonly ZipDirectory _zip;
    private readonly WheelFileName _fileName;
    private readonly string _where;
    private readonly Dictionary<string, ZipMember> _members = new(StringComparer.Ordinal);

    private WheelReader(IRandomAccess wheel, string fileName, string where)
    {
        _where = where;
        _fileName = WheelFileName.Parse(fileName, where);
        _zip = ZipDirectory.Read(wheel, where);
        long left = wheel.Length;
        foreach (ZipMember member in _zip.Members)
        {
            // Parts of the file that several members share would grow beyond all limits.
            if (member.CompressedSize > left)
            {
                throw new CorruptDataException(ErrorCodes.LimitExceeded, $"{where}: members that overlap");
            }
            left -= member.CompressedSize;
            Add(member);
        }
    }

    /// <param name="wheel">The whole file.</param>
    /// <param name="where">The file, for messages.</param>
    /// <exception cref="CorruptDataException">This is no wheel, it is damaged, or another one than its name says.</exception>
    public static WheelInfo Read(IRandomAccess wheel, string fileName, string where) =>
        new WheelReader(wheel, fileName, where).Read();

    private void Add(ZipMember member)
    {
        // Directories need no entry of their own.
        string path = EntryPath.Normalize(member.Name, _where);
        if (member.Name.EndsWith('/') || path.Length == 0)
        {
            return;
        }
        if (path != member.Name)
        {
            throw new CorruptDataException(
                ErrorCodes.UnsafePath,
                $"{_where}: {EntryPath.Quote(member.Name)} is no name of a file"
            );
        }
        if (!_members.TryAdd(path, member))
        {
            throw Bad($"it holds {EntryPath.Quote(path)} twice");
        }
        if (member.Size > Limits.FileBytes)
        {
            throw new CorruptDataException(
                ErrorCodes.LimitExceeded,
                $"{_where}: {EntryPath.Quote(path)} claims {member.Size:N0} bytes"
            );
        }
    }

    private WheelInfo Read()
    {
        string distInfo = FindDistInfo();
        WheelMetadata wheel = ReadFields(distInfo, "WHEEL");
        string version = wheel.Require("Wheel-Version", $"{_where}: {distInfo}/WHEEL");
        if (version.Split('.')[0] != "1")
        {
            throw new IncompatibleException(
                ErrorCodes.NewerFormat,
                $"{_where} has version {EntryPath.Quote(version)} of the format of wheels, known is 1"
            );
        }
        WheelMetadata metadata = ReadFields(distInfo, "METADATA");
        CheckIdentity(metadata, $"{_where}: {distInfo}/METADATA");
        IReadOnlyDictionary<string, RecordEntry> record = RecordFile.Parse(
            ReadText($"{distInfo}/RECORD"),
            $"{_where}: {distInfo}/RECORD"
        );
        bool pure = string.Equals(wheel.Find("Root-Is-Purelib"), "true", StringComparison.OrdinalIgnoreCase);
        WheelScheme root = pure ? WheelScheme.PureLibrary : WheelScheme.PlatformLibrary;
        string commands = $"{distInfo}/entry_points.txt";
        return new WheelInfo
        {
            FileName = _fileName,
            DistInfo = distInfo,
            Root = root,
            Members = ListMembers(distInfo, root, record),
            Commands = _members.ContainsKey(commands)
                ? EntryPointsFile.Parse(ReadText(commands), $"{_where}: {commands}")
                : [],
            RequiresPython = metadata.Find("Requires-Python"),
            Warnings = FindWarnings(distInfo, record),
        };
    }

    private string FindDistInfo()
    {
        string[] found =
        [
            .. _members
                .Keys.Select(path => path.Split('/')[0])
                .Where(name => name.EndsWith(DistInfoSuffix, StringComparison.Ordinal))
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal),
        ];
        if (found.Length != 1)
        {
            throw found.Length == 0
                ? Bad("it has no directory whose name ends with .dist-info, so it is no wheel")
                : Bad(
                    $"it has {found.Length} directories for what it says of itself, such as {EntryPath.Quote(found[0])} and {EntryPath.Quote(found[1])}"
                );
        }
        string[] parts = found[0][..^DistInfoSuffix.Length].Split('-');
        if (parts.Length != 2 || PythonName.Normalize(parts[0]) != _fileName.Name || !SameVersion(parts[1]))
        {
            throw Bad($"what it says of itself is in {EntryPath.Quote(found[0])}, which is not what its name says");
        }
        return found[0];
    }

    private void CheckIdentity(WheelMetadata metadata, string where)
    {
        string name = metadata.Require("Name", where);
        string version = metadata.Require("Version", where);
        if (PythonName.Normalize(name) != _fileName.Name || !SameVersion(version))
        {
            throw Bad($"it is {EntryPath.Quote($"{name} {version}")} inside, which is not what its name says");
        }
    }

    // A file's name has "_" for "-", and tools differ in the case of letters and in how local versions are written.
    private bool SameVersion(string version) => Plain(version) == Plain(_fileName.Version);

    private static string Plain(string version) => version.Replace('-', '.').Replace('_', '.').ToLowerInvariant();

    private WheelMetadata ReadFields(string distInfo, string name) =>
        WheelMetadata.Parse(ReadText($"{distInfo}/{name}"), $"{_where}: {distInfo}/{name}");

    private byte[] ReadText(string path)
    {
        ZipMember member = _members.GetValueOrDefault(path) ?? throw Bad($"it has no {EntryPath.Quote(path)}");
        if (member.Size > Limits.TextBytes)
        {
            throw new CorruptDataException(
                ErrorCodes.LimitExceeded,
                $"{_where}: {path} has {member.Size:N0} bytes, more than {Limits.TextBytes:N0}"
            );
        }
        using Stream content = _zip.Open(member);
        using var text = new MemoryStream();
        using var bounded = new BoundedStream(content, member.Size, $"{_where}: {path}");
        bounded.CopyTo(text);
        return text.ToArray();
    }

    private WheelMember[] ListMembers(
        string distInfo,
        WheelScheme root,
        IReadOnlyDictionary<string, RecordEntry> record
    )
    {
        string data = distInfo[..^DistInfoSuffix.Length] + DataSuffix + "/";
        var members = new List<WheelMember>(_members.Count);
        foreach ((string path, ZipMember member) in _members)
        {
            if (path == $"{distInfo}/RECORD")
            {
                continue;
            }
            RecordEntry? listed = record.GetValueOrDefault(path);
            if (listed?.Size is { } size && size != member.Size)
            {
                throw Bad($"{EntryPath.Quote(path)} has {member.Size:N0} bytes, its RECORD says {size:N0}");
            }
            (WheelScheme scheme, string place) = path.StartsWith(data, StringComparison.Ordinal)
                ? SplitData(path, data.Length)
                : (root, path);
            members.Add(new WheelMember(member, scheme, place, listed));
        }
        return [.. members];
    }

    private (WheelScheme Scheme, string Path) SplitData(string path, int start)
    {
        int slash = path.IndexOf('/', start);
        WheelScheme? scheme =
            slash < 0
                ? null
                : path[start..slash] switch
                {
                    "purelib" => WheelScheme.PureLibrary,
                    "platlib" => WheelScheme.PlatformLibrary,
                    "headers" => WheelScheme.Headers,
                    "scripts" => WheelScheme.Scripts,
                    "data" => WheelScheme.Data,
                    _ => null,
                };
        return scheme is { } known
            ? (known, path[(slash + 1)..])
            : throw Bad($"{EntryPath.Quote(path)} is in no directory that installers know");
    }

    // Some tools write such wheels and all installers take them: the digest of the whole wheel vouches for what it holds.
    private string[] FindWarnings(string distInfo, IReadOnlyDictionary<string, RecordEntry> record)
    {
        string[] unlisted =
        [
            .. _members.Keys.Where(path => !record.ContainsKey(path) && !IsOwn(path, distInfo)).Take(2),
        ];
        string[] absent = [.. record.Keys.Where(path => !_members.ContainsKey(path)).Take(2)];
        return
        [
            .. unlisted.Take(1).Select(path => $"{_fileName}: its RECORD does not list {EntryPath.Quote(path)}"),
            .. absent
                .Take(1)
                .Select(path => $"{_fileName}: its RECORD lists {EntryPath.Quote(path)}, which is not there"),
        ];
    }

    // RECORD cannot have its own digest, and signatures are made of it.
    private static bool IsOwn(string path, string distInfo) =>
        path == $"{distInfo}/RECORD" || path == $"{distInfo}/RECORD.jws" || path == $"{distInfo}/RECORD.p7s";

    private CorruptDataException Bad(string what) => new(ErrorCodes.BadPackage, $"{_where}: {what}");
}
