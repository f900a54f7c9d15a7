using System.Text.Json;

namespace Packhorse.Model;

/// <summary>The JSON form of a <see cref="PackageRecord"/>: keys in alphabetical order, absent ones left out.</summary>
public static class PackageRecordJson
{
    /// <summary>Writes the record's members into an object that the caller has begun.</summary>
    public static void WriteMembers(Utf8JsonWriter json, PackageRecord record)
    {
        WriteString(json, "arch", record.Arch);
        json.WriteString("build", record.Build);
        json.WriteNumber("build_number", record.BuildNumber);
        if (record.Constrains.Count > 0)
        {
            WriteStrings(json, "constrains", record.Constrains);
        }
        WriteStrings(json, "depends", record.Depends);
        WriteElement(json, "extra_depends", record.ExtraDepends);
        WriteString(json, "features", record.Features);
        WriteElement(json, "flags", record.Flags);
        WriteString(json, "legacy_bz2_md5", record.LegacyBz2Md5);
        WriteNumber(json, "legacy_bz2_size", record.LegacyBz2Size);
        WriteString(json, "license", record.License);
        WriteString(json, "license_family", record.LicenseFamily);
        WriteString(json, "md5", record.Md5?.ToString());
        json.WriteString("name", record.Name);
        if (record.NoArch != NoArchKind.None)
        {
            json.WriteString("noarch", record.NoArch == NoArchKind.Python ? "python" : "generic");
        }
        WriteString(json, "platform", record.Platform);
        if (record.Purls is not null)
        {
            WriteStrings(json, "purls", record.Purls.Order(StringComparer.Ordinal));
        }
        WriteString(json, "python_site_packages_path", record.PythonSitePackagesPath);
        WriteElement(json, "run_exports", record.RunExports);
        WriteString(json, "sha256", record.Sha256?.ToString());
        WriteNumber(json, "size", record.Size);
        json.WriteString("subdir", record.Subdir);
        WriteNumber(json, "timestamp", record.Timestamp);
        if (record.TrackFeatures.Count > 0)
        {
            json.WriteString("track_features", string.Join(' ', record.TrackFeatures));
        }
        json.WriteString("version", record.Version);
    }

    /// <exception cref="CorruptDataException">Not an object, or without name, version or build.</exception>
    public static PackageRecord Read(JsonElement json, string where)
    {
        var read = new JsonMembers(json, where, ErrorCodes.BadPackage);
        string subdir = read.String("subdir") ?? "";
        long? timestamp = read.Integer("timestamp");
        return new PackageRecord
        {
            Name = ReadWord(read, "name", where),
            Version = ReadWord(read, "version", where),
            Build = ReadWord(read, "build", where),
            BuildNumber = (ulong)Math.Max(0, read.Integer("build_number") ?? 0),
            Subdir = subdir,
            Arch = read.String("arch"),
            Platform = read.String("platform"),
            NoArch = ReadNoArch(read),
            Depends = read.Strings("depends") ?? [],
            Constrains = read.Strings("constrains") ?? [],
            TrackFeatures = ReadFeatures(read),
            Features = read.String("features"),
            License = read.String("license"),
            LicenseFamily = read.String("license_family"),
            Sha256 = read.Sha256("sha256"),
            Md5 = Md5Digest.TryParse(read.String("md5"), out Md5Digest md5) ? md5 : null,
            Size = read.Integer("size"),
            LegacyBz2Md5 = read.String("legacy_bz2_md5"),
            LegacyBz2Size = read.Integer("legacy_bz2_size"),
            Timestamp = timestamp is > 0 and < 9_007_199_254_740_991
                ? PackageRecord.NormalizeTimestamp(timestamp.Value)
                : null,
            Purls = read.Strings("purls"),
            PythonSitePackagesPath = read.String("python_site_packages_path"),
            RunExports = read.Copyable("run_exports"),
            ExtraDepends = read.Copyable("extra_depends"),
            Flags = read.Copyable("flags"),
        };
    }

    // They become file names and stand in messages.
    private static string ReadWord(JsonMembers read, string name, string where)
    {
        string word = read.RequiredString(name);
        return word.Any(char.IsControl)
            ? throw new CorruptDataException(
                ErrorCodes.BadPackage,
                $"{where}: '{name}' has control characters: {EntryPath.Quote(word)}"
            )
            : word;
    }

    // index.json has had "python", "generic", true (generic), false, "" and null.
    private static NoArchKind ReadNoArch(JsonMembers read) =>
        read.Element("noarch") switch
        {
            { ValueKind: JsonValueKind.True } => NoArchKind.Generic,
            { ValueKind: JsonValueKind.String } text => read.Text(text, "noarch") switch
            {
                "python" => NoArchKind.Python,
                "generic" => NoArchKind.Generic,
                _ => NoArchKind.None,
            },
            _ => NoArchKind.None,
        };

    // A string separated by blanks or commas, or a list.
    private static string[] ReadFeatures(JsonMembers read) =>
        read.Element("track_features") switch
        {
            { ValueKind: JsonValueKind.String } text => read.Text(text, "track_features")
                .Split([' ', ','], StringSplitOptions.RemoveEmptyEntries),
            { ValueKind: JsonValueKind.Array } list => list.EnumerateArray()
                .Where(item => item.ValueKind == JsonValueKind.String)
                .Select(item => read.Text(item, "track_features"))
                .ToArray(),
            _ => [],
        };

    private static void WriteString(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, long? value)
    {
        if (value is not null)
        {
            json.WriteNumber(name, value.Value);
        }
    }

    private static void WriteStrings(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (string value in values)
        {
            json.WriteStringValue(value);
        }
        json.WriteEndArray();
    }

    private static void WriteElement(Utf8JsonWriter json, string name, JsonElement? value)
    {
        if (value is { } element)
        {
            json.WritePropertyName(name);
            element.WriteTo(json);
        }
    }
}
