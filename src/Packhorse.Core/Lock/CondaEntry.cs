using System.Globalization;
using System.Text.Json;
using Packhorse.Model;

namespace Packhorse.Lock;

/// <summary>
/// The identity of a conda package, which each version of the format writes down to another degree and derives from the location
/// for the rest.
/// </summary>
internal readonly record struct CondaIdentity
{
    public required string Name { get; init; }

    public required string Version { get; init; }

    public required string Build { get; init; }

    public required ulong BuildNumber { get; init; }

    public required string Subdir { get; init; }

    public NoArchKind NoArch { get; init; }

    public string? Arch { get; init; }

    public string? Platform { get; init; }
}

/// <summary>What all versions of the format share about the entry of a conda package.</summary>
internal static class CondaEntry
{
    // The order in which the members are written out again.
    private static readonly string[] RunExportKinds =
    [
        "weak",
        "strong",
        "noarch",
        "weak_constrains",
        "strong_constrains",
    ];

    /// <summary>Name, version and build of the archive that the location names; null where it names none.</summary>
    public static PackageFileName? ParseFileName(PackageLocation location) =>
        location.FileName is { } name && PackageFileName.TryParse(name, out PackageFileName? parsed) ? parsed : null;

    /// <summary>The directory of the archive, if it is the name of a subdir.</summary>
    public static string? DeriveSubdir(PackageLocation location) =>
        Platform.TryParse(location.ParentName, out Platform platform) ? platform.Subdir : null;

    /// <summary>The digits at the end of the build; 0 where there are none or too many.</summary>
    public static ulong DeriveBuildNumber(string build)
    {
        int start = build.Length;
        while (start > 0 && char.IsAsciiDigit(build[start - 1]))
        {
            start--;
        }
        return ulong.TryParse(build.AsSpan(start), NumberStyles.None, CultureInfo.InvariantCulture, out ulong number)
            ? number
            : 0;
    }

    public static NoArchKind DeriveNoArch(string subdir, string build) =>
        subdir != "noarch" ? NoArchKind.None
        : build.Contains("py", StringComparison.Ordinal) ? NoArchKind.Python
        : NoArchKind.Generic;

    public static (string? Arch, string? Platform) DeriveArchAndPlatform(string subdir) =>
        Platform.TryParse(subdir, out Platform platform)
            ? (platform.Architecture, platform.OperatingSystem)
            : (null, null);

    /// <summary>The identity in versions 6 and 7, which write down only what the location does not tell.</summary>
    public static CondaIdentity ReadIdentity(LockMembers entry, PackageLocation location)
    {
        PackageFileName? derived = ParseFileName(location);
        string? derivedSubdir = DeriveSubdir(location);
        string build = entry.IdentityText("build") ?? derived?.Build ?? "";
        string subdir = entry.IdentityText("subdir") ?? derivedSubdir ?? throw entry.Missing("subdir");
        (string? arch, string? platform) = DeriveArchAndPlatform(subdir);
        return new CondaIdentity
        {
            Name = entry.IdentityText("name") ?? derived?.Name ?? throw entry.Missing("name"),
            Version = entry.IdentityText("version") ?? derived?.Version ?? throw entry.Missing("version"),
            Build = build,
            BuildNumber = entry.Unsigned("build_number") ?? DeriveBuildNumber(build),
            Subdir = subdir,
            NoArch = ReadNoArch(entry) ?? DeriveNoArch(derivedSubdir ?? subdir, derived?.Build ?? build),
            Arch = arch,
            Platform = platform,
        };
    }

    /// <returns>Null where the entry does not say.</returns>
    public static NoArchKind? ReadNoArch(LockMembers entry) =>
        entry.Text("noarch") switch
        {
            null => null,
            "python" => NoArchKind.Python,
            // "true" was how generic packages were marked before there were others.
            "generic" or "true" => NoArchKind.Generic,
            "false" => NoArchKind.None,
            string other => throw entry.Corrupt(
                "noarch",
                $"'noarch' is python or generic, not {EntryPath.Quote(other)}"
            ),
        };

    public static PackageRecord ReadRecord(LockMembers entry, CondaIdentity identity) =>
        new()
        {
            Name = identity.Name,
            Version = identity.Version,
            Build = identity.Build,
            BuildNumber = identity.BuildNumber,
            Subdir = identity.Subdir,
            NoArch = identity.NoArch,
            Arch = identity.Arch,
            Platform = identity.Platform,
            Depends = entry.Texts("depends") ?? [],
            Constrains = entry.Texts("constrains") ?? [],
            TrackFeatures = entry.OneOrMoreTexts("track_features") ?? [],
            Features = entry.Text("features"),
            License = entry.Text("license"),
            LicenseFamily = entry.Text("license_family"),
            Sha256 = entry.Sha256("sha256"),
            Md5 = entry.Md5("md5"),
            Size = entry.Integer("size"),
            LegacyBz2Md5 = entry.Md5("legacy_bz2_md5")?.ToString(),
            LegacyBz2Size = entry.Integer("legacy_bz2_size"),
            Timestamp = ReadTimestamp(entry),
            Purls = entry.Texts("purls"),
            PythonSitePackagesPath = entry.Text("python_site_packages_path"),
            RunExports = ReadRunExports(entry),
            ExtraDepends = ReadExtraDepends(entry),
            Flags = ReadFlags(entry),
        };

    /// <summary>Makes the package of an entry whose location is an archive.</summary>
    public static LockedCondaPackage MakePackage(
        LockMembers entry,
        PackageLocation location,
        string fileName,
        PackageRecord record
    )
    {
        if (!PackageLocation.IsSafeFileName(fileName) || !PackageFileName.TryGetKind(fileName, out _))
        {
            throw entry.Corrupt($"{EntryPath.Quote(fileName)} is no .conda or .tar.bz2 file name");
        }
        return new LockedCondaPackage
        {
            Name = record.Name,
            Location = location,
            FileName = fileName,
            Record = record,
            Channel = entry.Text("channel") is { } channel ? channel.TrimEnd('/') + "/" : location.DeriveChannel(),
        };
    }

    private static long? ReadTimestamp(LockMembers entry)
    {
        long? timestamp = entry.Integer("timestamp");
        // The year 9999, in milliseconds.
        return timestamp <= 253_402_300_799_999 ? PackageRecord.NormalizeTimestamp(timestamp.Value)
            : timestamp is null ? null
            : throw entry.Corrupt("timestamp", "'timestamp' is out of range");
    }

    private static JsonElement? ReadRunExports(LockMembers entry)
    {
        if (entry.Nested("run_exports") is not { } runExports)
        {
            return null;
        }
        return ToJson(json =>
        {
            json.WriteStartObject();
            foreach (string kind in RunExportKinds)
            {
                if (runExports.Texts(kind) is { Length: > 0 } specs)
                {
                    WriteTexts(json, kind, specs);
                }
            }
            json.WriteEndObject();
        });
    }

    private static JsonElement? ReadExtraDepends(LockMembers entry)
    {
        KeyValuePair<string, YamlMember>[] extras = [.. entry.Map("extra_depends") ?? []];
        if (extras.Length == 0)
        {
            return null;
        }
        return ToJson(json =>
        {
            json.WriteStartObject();
            foreach ((string extra, YamlMember specs) in extras.OrderBy(extra => extra.Key, StringComparer.Ordinal))
            {
                WriteTexts(json, extra, entry.Texts(specs.Value, "extra_depends"));
            }
            json.WriteEndObject();
        });
    }

    private static JsonElement? ReadFlags(LockMembers entry)
    {
        string[] flags = entry.Texts("flags") ?? [];
        return flags.Length == 0
            ? null
            : ToJson(json =>
            {
                json.WriteStartArray();
                foreach (string flag in flags)
                {
                    json.WriteStringValue(flag);
                }
                json.WriteEndArray();
            });
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, string[] texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts)
        {
            json.WriteStringValue(text);
        }
        json.WriteEndArray();
    }

    private static JsonElement ToJson(Action<Utf8JsonWriter> write)
    {
        using JsonDocument document = JsonDocument.Parse(SerdeJson.Write(write));
        return document.RootElement.Clone();
    }
}
