using System.Runtime.Versioning;
using System.Text.Json;
using Packhorse.Image;
using Packhorse.Output;
using Packhorse.Pack;
using Packhorse.Signing;

namespace Packhorse.Commands;

/// <summary>What the commands print of images.</summary>
internal sealed class ImageReport(Terminal terminal)
{
    public void Inspected(ImageFile image, bool asJson, bool all)
    {
        var summary = ImageSummary.Of(image);
        if (asJson)
        {
            terminal.Out.WriteLine(JsonOutput.Write("packhorse/inspect/1", json => Write(json, summary)));
        }
        else
        {
            ImageSummaryText.Write(terminal.Out, summary, all);
        }
    }

    public void Verified(ImageFile image, Signer? signer, bool asJson)
    {
        var summary = ImageSummary.Of(image);
        terminal.Out.WriteLine(
            asJson
                ? JsonOutput.Write(
                    "packhorse/verify/1",
                    json =>
                    {
                        json.WriteString("root", summary.Footer.Root.ToString());
                        json.WriteNumber("size", summary.Footer.FileBytes);
                        json.WriteNumber("not_verifiable", 0);
                        VerifyCommand.WriteSigner(json, signer);
                    }
                )
                : ImageSummaryText.Verified(summary)
        );
    }

    [SupportedOSPlatform("linux")]
    public void DryRun(ImageFile image, UnpackRequest request, bool asJson)
    {
        (long bytes, int files) = ImageUnpacker.Measure(image.Image, request);
        terminal.Out.WriteLine(
            asJson
                ? JsonOutput.Write(
                    "packhorse/unpack/1",
                    json =>
                    {
                        json.WriteBoolean("dry_run", true);
                        json.WriteString("prefix", request.Prefix);
                        json.WriteString("platform", image.Image.Manifest.Platform.Subdir);
                        json.WriteNumber("size", bytes);
                        json.WriteNumber("files", files);
                        WritePackages(json, image.Image.Manifest);
                    }
                )
                : $"{ByteSize.Format(bytes), 12}  {files, 6} files  to {request.Prefix}"
        );
    }

    private static void Write(Utf8JsonWriter json, ImageSummary summary)
    {
        ImageManifest manifest = summary.Manifest;
        json.WriteString("environment", manifest.Environment);
        json.WriteString("platform", manifest.Platform.Subdir);
        json.WriteString("root", summary.Footer.Root.ToString());
        json.WriteString("environment_digest", manifest.EnvironmentDigest.ToString());
        json.WriteString("prefix", manifest.Prefix);
        json.WriteBoolean("canonical", manifest.IsCanonical);
        json.WriteString("python", manifest.Python);
        json.WriteBoolean("byte_code", manifest.HasByteCode);
        json.WriteBoolean("link_scripts", manifest.HasRunLinkScripts);
        json.WriteBoolean("self_extracting", summary.IsSelfExtracting);
        json.WriteNumber("offset", summary.Offset);
        json.WriteNumber("packed_size", summary.Footer.FileBytes);
        json.WriteNumber("unpacked_size", manifest.Bytes);
        json.WriteNumber("files", manifest.Files);
        json.WriteNumber("hot_set_bytes", summary.HotSetBytes);
        JsonOutput.WriteStrings(json, "virtual_packages", summary.VirtualPackages);
        WritePackages(json, manifest);
    }

    private static void WritePackages(Utf8JsonWriter json, ImageManifest manifest)
    {
        json.WriteStartArray("packages");
        foreach (ImagePackageInfo package in manifest.Packages)
        {
            json.WriteStartObject();
            json.WriteString("name", package.Record.Name);
            json.WriteString("version", package.Record.Version);
            json.WriteString("build", package.Record.Build);
            json.WriteString("url", package.Url);
            json.WriteNumber("unpacked_size", package.Bytes);
            json.WriteNumber("files", package.Files);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
