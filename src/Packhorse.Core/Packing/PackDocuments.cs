using System.Text;
using Packhorse.Codecs;
using Packhorse.Model;
using Packhorse.Pack;

namespace Packhorse.Packing;

/// <summary>The documents that a pack holds beside its packages, byte for byte as pixi-pack writes them.</summary>
public static class PackDocuments
{
    /// <summary>
    /// <c>repodata.json</c> of one subdir: every package, <c>.tar.bz2</c> too, below <c>packages.conda</c>, in the order of name,
    /// version, build and kind, with what the lock file says of it.
    /// </summary>
    public static byte[] Repodata(string subdir, IEnumerable<PlannedMember> packages) =>
        SerdeJson.Write(json =>
        {
            json.WriteStartObject();
            json.WriteStartObject("info");
            json.WriteString("subdir", subdir);
            json.WriteEndObject();
            json.WriteStartObject("packages");
            json.WriteEndObject();
            json.WriteStartObject("packages.conda");
            foreach (
                PlannedMember package in packages
                    .OrderBy(package => package.Record.Name, StringComparer.Ordinal)
                    .ThenBy(package => package.Record.Version, StringComparer.Ordinal)
                    .ThenBy(package => package.Record.Build, StringComparer.Ordinal)
                    .ThenBy(package =>
                        package.FileName.EndsWith(PackageFileName.TarBz2Extension, StringComparison.Ordinal)
                    )
            )
            {
                json.WriteStartObject(package.FileName);
                PackageRecordJson.WriteMembers(json, package.Record);
                json.WriteEndObject();
            }
            json.WriteEndObject();
            json.WriteNumber("repodata_version", 2);
            json.WriteEndObject();
        });

    /// <summary><c>environment.yml</c>, by which conda and micromamba make the environment of an unpacked tar.</summary>
    /// <param name="packages">In the order of the lock file.</param>
    public static byte[] EnvironmentYml(IReadOnlyList<PlannedMember> packages)
    {
        var yml = new StringBuilder("channels:\n  - ./channel\n  - nodefaults\ndependencies:\n");
        ILookup<bool, PlannedMember> members = packages.ToLookup(member => member.Record.IsWheel);
        foreach (PackageRecord record in members[false].Select(member => member.Record))
        {
            yml.Append("  - ").Append(record.Name).Append('=').Append(record.Version);
            yml.Append('=').Append(record.Build).Append('\n');
        }
        if (members[true].Any())
        {
            // For pip, which is told to look nowhere else.
            yml.Append("  - pip:\n    - --no-index\n    - --find-links ./pypi\n");
            foreach (PlannedMember wheel in members[true])
            {
                yml.Append("    - ").Append(wheel.Record.Name).Append("==").Append(wheel.Version).Append('\n');
            }
        }
        return Encoding.UTF8.GetBytes(yml.ToString());
    }

    /// <summary><c>pixi-pack.json</c>; without <paramref name="members"/> exactly as upstream writes it.</summary>
    public static byte[] Manifest(Platform platform, string environment, IReadOnlyList<PackMember>? members) =>
        SerdeJson.Write(json =>
        {
            json.WriteStartObject();
            json.WriteString("version", PackManifest.FormatVersion);
            json.WriteString("pixi-pack-version", PackManifest.PixiPackVersion);
            json.WriteString("platform", platform.Subdir);
            if (members is not null)
            {
                json.WriteStartObject("packhorse");
                json.WriteNumber("format", PackManifest.ExtensionVersion);
                json.WriteString("environment", environment);
                json.WriteStartArray("members");
                foreach (PackMember member in members)
                {
                    json.WriteStartObject();
                    json.WriteString("path", member.Path);
                    json.WriteNumber("size", member.Size);
                    json.WriteString("sha256", member.Sha256.ToString());
                    if (member.Url is not null)
                    {
                        json.WriteString("url", member.Url);
                    }
                    if (member.IsDirect)
                    {
                        json.WriteBoolean("direct", true);
                    }
                    json.WriteEndObject();
                }
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        });

    /// <summary><c>pixi-pack.json</c> of a delta; the whole pack's is another member.</summary>
    internal static byte[] DeltaManifest(Platform platform, PackDelta delta) =>
        SerdeJson.Write(json =>
        {
            json.WriteStartObject();
            json.WriteString("version", PackDelta.FormatVersion);
            json.WriteString("pixi-pack-version", PackManifest.PixiPackVersion);
            json.WriteString("platform", platform.Subdir);
            json.WriteStartObject("packhorse");
            json.WriteNumber("format", PackManifest.ExtensionVersion);
            json.WriteString("manifest", delta.Whole.ToString());
            json.WriteStartObject("base");
            json.WriteString("name", delta.BaseName);
            json.WriteString("digest", delta.Base.ToString());
            if (delta.BaseSize is { } size && delta.BaseSha256 is { } sha256)
            {
                json.WriteNumber("size", size);
                json.WriteString("sha256", sha256.ToString());
            }
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        });

    /// <summary>A member whose content is made here.</summary>
    internal static PackMember Describe(string path, byte[] content) =>
        new(path, content.Length, Sha256.Hash(content), Url: null);
}
