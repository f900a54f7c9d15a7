using System.Text.Json;
using Packhorse.Model;

namespace Packhorse.Pack;

/// <summary>A member of a pack as its manifest describes it.</summary>
/// <param name="Path">In the pack, for example <c>channel/linux-64/zlib-1.3.1-hb9d3cd8_2.conda</c>.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Url">Where it was published, without credentials; null for what packing itself made.</param>
public sealed record PackMember(string Path, long Size, Digest Sha256, string? Url)
{
    /// <summary>Of a wheel: the project's own manifest names that URL, no index does (PEP 610).</summary>
    public bool IsDirect { get; init; }
}

/// <summary>
/// <c>pixi-pack.json</c>: pixi-pack's own members (format version "1"), and ours in the extra member <c>packhorse</c>, which other
/// readers ignore.
/// </summary>
public sealed record PackManifest
{
    /// <summary>The name of the member.</summary>
    public const string Path = "pixi-pack.json";

    /// <summary>The version of pixi-pack's format that is read and written.</summary>
    public const string FormatVersion = "1";

    /// <summary>The version of pixi-pack that packs written here are equal to.</summary>
    public const string PixiPackVersion = "0.7.10";

    /// <summary>The version of the member <c>packhorse</c>.</summary>
    public const int ExtensionVersion = 1;

    public required Platform Platform { get; init; }

    /// <summary>The environment's name in its manifest; null in other tools' packs.</summary>
    public string? Environment { get; init; }

    /// <summary>Null in other tools' packs, and in a delta, which has the whole pack's manifest as another member.</summary>
    public IReadOnlyList<PackMember>? Members { get; init; }

    /// <summary>Of a delta: what the rest is taken from. Null of a whole pack.</summary>
    public PackDelta? Delta { get; init; }

    /// <exception cref="CorruptDataException">Not a manifest.</exception>
    /// <exception cref="IncompatibleException">Of another format version or an unknown platform.</exception>
    public static PackManifest Parse(ReadOnlyMemory<byte> utf8, string where)
    {
        where = $"{where}: {Path}";
        var json = new JsonMembers(JsonMembers.Parse(utf8, where, ErrorCodes.BadPack), where, ErrorCodes.BadPack);
        string version = json.RequiredString("version");
        if (version is not (FormatVersion or PackDelta.FormatVersion))
        {
            throw new IncompatibleException(ErrorCodes.NewerFormat, $"Unsupported pixi-pack version: {version}")
            {
                Hint = "a newer packhorse or pixi-unpack may read this pack",
            };
        }
        string subdir = json.RequiredString("platform");
        if (!Platform.TryParse(subdir, out Platform platform))
        {
            throw new IncompatibleException(
                ErrorCodes.WrongPlatform,
                $"{where}: unknown platform {EntryPath.Quote(subdir)}"
            );
        }
        var manifest = new PackManifest { Platform = platform };
        if (version == PackDelta.FormatVersion)
        {
            return manifest with { Delta = PackDelta.Parse(json, where) };
        }
        return json.Element("packhorse") is { } extension
            ? ReadExtension(manifest, new JsonMembers(extension, where, ErrorCodes.BadPack), where)
            : manifest;
    }

    /// <exception cref="IncompatibleException">The pack is for another platform than this machine.</exception>
    public void CheckPlatform(Platform here)
    {
        if (Platform != here)
        {
            throw new IncompatibleException(
                ErrorCodes.WrongPlatform,
                $"The pack was created for a different platform: it is for {Platform}, this machine is {here}"
            )
            {
                Hint = $"pack again with --platform {here}",
            };
        }
    }

    private static PackManifest ReadExtension(PackManifest manifest, JsonMembers json, string where)
    {
        if (json.Integer("format") is not ExtensionVersion and var format)
        {
            throw new IncompatibleException(
                ErrorCodes.NewerFormat,
                $"{where}: the pack has packhorse format {format}, known is {ExtensionVersion}"
            )
            {
                Hint = "use a newer packhorse",
            };
        }
        if (json.Element("members") is not { ValueKind: JsonValueKind.Array } list)
        {
            throw new CorruptDataException(ErrorCodes.BadPack, $"{where}: 'members' is missing");
        }
        var members = new List<PackMember>(list.GetArrayLength());
        foreach (JsonElement item in list.EnumerateArray())
        {
            var member = new JsonMembers(item, where, ErrorCodes.BadPack);
            string path = member.RequiredString("path");
            if (!EntryPath.IsSafe(path))
            {
                throw new CorruptDataException(
                    ErrorCodes.UnsafePath,
                    $"{where}: the path {EntryPath.Quote(path)} is unsafe"
                );
            }
            members.Add(
                new PackMember(
                    path,
                    member.Integer("size") is >= 0 and <= Limits.FileBytes and long size
                        ? size
                        : throw Missing(where, path, "size"),
                    member.Sha256("sha256") ?? throw Missing(where, path, "sha256"),
                    member.String("url")
                )
                {
                    IsDirect = member.Boolean("direct"),
                }
            );
        }
        return manifest with { Environment = json.String("environment"), Members = members };
    }

    private static CorruptDataException Missing(string where, string path, string what) =>
        new(ErrorCodes.BadPack, $"{where}: the member {EntryPath.Quote(path)} has no {what}");
}
