using System.Collections.Concurrent;
using System.Text.Json;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Install;

/// <summary>What is remembered of an installed package.</summary>
/// <param name="Package">SHA-256 of the package file.</param>
/// <param name="Record">SHA-256 of its record in conda-meta.</param>
public readonly record struct PackageDigests(Digest Package, Digest Record);

/// <summary>
/// <c>conda-meta/packhorse-records</c>: digests by which an update sees, without looking into packages, which of them are installed and
/// that no other tool has changed their records since. JSON, schema <c>packhorse/records/1</c>; to be changed whenever
/// <see cref="InstallPlan"/> begins to place anything elsewhere. Only a hint: where it is missing or wrong everything is compared.
/// </summary>
public sealed class InstalledDigests
{
    public const string Path = "conda-meta/packhorse-records";

    private const string Schema = "packhorse/records/1";

    private readonly ConcurrentDictionary<string, PackageDigests> _packages = new(StringComparer.Ordinal);

    /// <summary>Where modules of noarch packages are, relative to the prefix; null without Python.</summary>
    public string? SitePackages { get; init; }

    /// <summary>By the name of the record, as in "numpy-1.26.4-py311h64a7726_0". Packages without a digest are not in it.</summary>
    public IReadOnlyDictionary<string, PackageDigests> Packages => _packages;

    /// <summary>Thread-safe.</summary>
    public void Add(string name, PackageDigests digests) => _packages[name] = digests;

    /// <returns>Null where there is none that can be read.</returns>
    public static InstalledDigests? Find(string prefix)
    {
        string path = System.IO.Path.Combine(prefix, Path);
        if (!FileTree.FileExists(path))
        {
            return null;
        }
        try
        {
            return Parse(InputFile.ReadAllBytes(path, Limits.JsonBytes));
        }
        catch (CorruptDataException)
        {
            return null;
        }
    }

    /// <returns>Null when it is of another schema.</returns>
    /// <exception cref="CorruptDataException">It is damaged.</exception>
    public static InstalledDigests? Parse(ReadOnlyMemory<byte> utf8)
    {
        var json = new JsonMembers(JsonMembers.Parse(utf8, Path, ErrorCodes.Malformed), Path, ErrorCodes.Malformed);
        if (json.String("schema") != Schema || json.Element("packages") is not { ValueKind: JsonValueKind.Object } list)
        {
            return null;
        }
        var digests = new InstalledDigests { SitePackages = json.String("site_packages") };
        foreach (JsonProperty member in list.EnumerateObject())
        {
            var package = new JsonMembers(member.Value, Path, ErrorCodes.Malformed);
            if (package.Sha256("sha256") is { } content && package.Sha256("record_sha256") is { } record)
            {
                digests.Add(json.NameOf(member), new PackageDigests(content, record));
            }
        }
        return digests;
    }

    public byte[] Write() =>
        SerdeJson.Write(json =>
        {
            json.WriteStartObject();
            json.WriteString("schema", Schema);
            json.WriteString("site_packages", SitePackages);
            json.WriteStartObject("packages");
            foreach (
                (string name, PackageDigests digests) in _packages.OrderBy(pair => pair.Key, StringComparer.Ordinal)
            )
            {
                json.WriteStartObject(name);
                json.WriteString("sha256", digests.Package.ToString());
                json.WriteString("record_sha256", digests.Record.ToString());
                json.WriteEndObject();
            }
            json.WriteEndObject();
            json.WriteEndObject();
        });
}
