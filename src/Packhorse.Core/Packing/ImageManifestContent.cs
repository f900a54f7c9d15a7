using Packhorse.Install;
using Packhorse.Model;

namespace Packhorse.Packing;

/// <summary>What an image says of itself (<c>docs/FORMAT.md</c>, "Manifest").</summary>
internal sealed record ImageManifestContent
{
    public required InstallPlan Plan { get; init; }

    public required string Environment { get; init; }

    public required Digest EnvironmentDigest { get; init; }

    /// <summary>The prefix was chosen here.</summary>
    public required bool IsCanonical { get; init; }

    public bool HasByteCode { get; init; }

    /// <summary>What the packages' link scripts write is in the image.</summary>
    public bool HasRunLinkScripts { get; init; }

    public required long Files { get; init; }

    public required long Bytes { get; init; }

    public byte[] Write() =>
        SerdeJson.Write(json =>
        {
            json.WriteStartObject();
            json.WriteString("schema", "packhorse/image/1");
            json.WriteString("environment", Environment);
            json.WriteString("platform", Plan.Target.Platform.Subdir);
            json.WriteString("prefix", Plan.Target.Prefix);
            json.WriteBoolean("canonical", IsCanonical);
            json.WriteString("environment_digest", EnvironmentDigest.ToString());
            json.WriteString("python", Plan.Python?.Version);
            json.WriteBoolean("byte_code", HasByteCode);
            if (HasRunLinkScripts)
            {
                json.WriteBoolean("link_scripts", true);
            }
            json.WriteStartArray("machine");
            foreach (string wanted in VirtualPackages.Wanted(Plan.Packages.Select(planned => planned.Package.Record)))
            {
                json.WriteStringValue(wanted);
            }
            json.WriteEndArray();
            json.WriteNumber("files", Files);
            json.WriteNumber("bytes", Bytes);
            json.WriteStartArray("packages");
            foreach (PlannedPackage planned in Plan.Packages)
            {
                json.WriteStartObject();
                PackageRecordJson.WriteMembers(json, planned.Package.Record);
                json.WriteString("fn", planned.Package.FileName);
                json.WriteString("url", planned.Package.Url);
                json.WriteNumber("files", planned.FileCount);
                json.WriteNumber("bytes", planned.Paths.Sum(path => path.Source.InstalledSize));
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        });
}
