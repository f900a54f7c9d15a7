using System.Text.Json;
using Packhorse.Model;

namespace Packhorse.Image;

/// <summary>A package of an image.</summary>
/// <param name="Files">Files and links of it.</param>
/// <param name="Bytes">Of its files when installed; 0 for packages that do not tell.</param>
public sealed record ImagePackageInfo(PackageRecord Record, string FileName, string? Url, long Files, long Bytes);

/// <summary>What an image says of itself (<c>docs/FORMAT.md</c>, "Manifest").</summary>
public sealed record ImageManifest
{
    public const string Schema = "packhorse/image/1";

    public required string Environment { get; init; }

    public required Platform Platform { get; init; }

    /// <summary>The baked prefix: absolute, without a slash at its end.</summary>
    public required string Prefix { get; init; }

    /// <summary>The prefix is one that Packhorse chose, not the user.</summary>
    public bool IsCanonical { get; init; }

    /// <summary>Of what was installed: packages, platform and options.</summary>
    public required Digest EnvironmentDigest { get; init; }

    /// <summary>As in "3.11"; null without Python.</summary>
    public string? Python { get; init; }

    /// <summary>The image holds byte-code that its writer made.</summary>
    public bool HasByteCode { get; init; }

    /// <summary>The image holds what the packages' link scripts wrote.</summary>
    public bool HasRunLinkScripts { get; init; }

    /// <summary>Files and links, without that byte-code.</summary>
    public long Files { get; init; }

    /// <summary>Of all files, without that byte-code.</summary>
    public long Bytes { get; init; }

    /// <summary>In the order of the lock file.</summary>
    public required IReadOnlyList<ImagePackageInfo> Packages { get; init; }

    /// <exception cref="CorruptDataException">It is damaged.</exception>
    /// <exception cref="IncompatibleException">Of another schema.</exception>
    public static ImageManifest Parse(ReadOnlyMemory<byte> utf8, string where)
    {
        where = $"{where}: the manifest";
        var json = new JsonMembers(JsonMembers.Parse(utf8, where, ErrorCodes.BadImage), where, ErrorCodes.BadImage);
        string schema = json.RequiredString("schema");
        if (schema != Schema)
        {
            throw new IncompatibleException(
                ErrorCodes.NewerFormat,
                $"{where} has the schema {EntryPath.Quote(schema)}, known is {Schema}"
            )
            {
                Hint = "use a newer packhorse",
            };
        }
        string prefix = json.RequiredString("prefix");
        if (!prefix.StartsWith('/') || !EntryPath.IsSafe(prefix.AsSpan(1)))
        {
            throw Wrong(where, $"{EntryPath.Quote(prefix)} is no prefix");
        }
        return new ImageManifest
        {
            Environment = json.RequiredString("environment"),
            Platform = Platform.TryParse(json.RequiredString("platform"), out Platform platform)
                ? platform
                : throw Wrong(where, "it names no known platform"),
            Prefix = prefix,
            IsCanonical = json.Boolean("canonical"),
            EnvironmentDigest = json.Sha256("environment_digest") ?? throw Wrong(where, "it has no environment digest"),
            Python = json.String("python"),
            HasByteCode = json.Boolean("byte_code"),
            HasRunLinkScripts = json.Boolean("link_scripts"),
            Files = Count(json, "files", where),
            Bytes = Count(json, "bytes", where),
            Packages = ReadPackages(json, where),
        };
    }

    /// <exception cref="IncompatibleException">For another platform than this one.</exception>
    public void CheckPlatform(Platform here)
    {
        if (Platform != here)
        {
            throw new IncompatibleException(
                ErrorCodes.WrongPlatform,
                $"the image is for {Platform}, this machine is {here}"
            )
            {
                Hint = $"pack with --platform {here}",
            };
        }
    }

    private static ImagePackageInfo[] ReadPackages(JsonMembers json, string where)
    {
        if (json.Element("packages") is not { ValueKind: JsonValueKind.Array } packages)
        {
            throw Wrong(where, "it has no list of packages");
        }
        if (packages.GetArrayLength() > Limits.Packages)
        {
            throw new CorruptDataException(
                ErrorCodes.LimitExceeded,
                $"{where} has {packages.GetArrayLength():N0} packages, more than {Limits.Packages:N0}"
            );
        }
        return [.. packages.EnumerateArray().Select(package => ReadPackage(package, where))];
    }

    private static ImagePackageInfo ReadPackage(JsonElement package, string where)
    {
        var json = new JsonMembers(package, where, ErrorCodes.BadImage);
        return new ImagePackageInfo(
            PackageRecordJson.Read(package, where),
            json.RequiredString("fn"),
            json.String("url"),
            Count(json, "files", where),
            Count(json, "bytes", where)
        );
    }

    private static long Count(JsonMembers json, string name, string where) =>
        json.Integer(name) is >= 0 and <= Limits.FileBytes and var count
            ? count
            : throw Wrong(where, $"'{name}' is no count");

    private static CorruptDataException Wrong(string where, string what) =>
        new(ErrorCodes.BadImage, $"{where} makes no sense: {what}");
}
