using System.CommandLine;
using System.Text.Json;
using Packhorse.Model;
using Packhorse.Output;
using Packhorse.Pack;

namespace Packhorse.Commands;

/// <summary><c>packhorse inspect</c>.</summary>
internal sealed class InspectCommand
{
    private readonly Argument<string> _pack = ArgumentRules.Path(
        "PACK",
        "A pack: a tar, a self-extracting file or a directory; or an image.",
        "environment.tar"
    );
    private readonly Option<string?> _base = BaseOption.Create();
    private readonly Option<bool> _json = new("--json") { Description = "Print everything as JSON." };
    private readonly Option<bool> _verbose = new("--verbose", "-v") { Description = "List every package." };
    private readonly Terminal _terminal;

    private InspectCommand(Terminal terminal) => _terminal = terminal;

    public static Command Build(Terminal terminal)
    {
        var self = new InspectCommand(terminal);
        var command = new Command("inspect", "Say what a pack or an image holds, and what unpacking it takes.")
        {
            self._pack,
            self._base,
            self._json,
            self._verbose,
        };
        Examples.Add(
            command,
            "packhorse inspect environment.tar",
            "packhorse inspect --json environment.tar | jq .unpacked_size"
        );
        command.SetAction((parsed, cancellation) => Task.FromResult(self.Run(parsed, cancellation)));
        return command;
    }

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        string path = parsed.GetValue(_pack)!;
        if (path == "-")
        {
            throw new UsageException(
                ErrorCodes.BadArguments,
                "inspect needs a pack that can be read twice, not a pipe"
            );
        }
        using ImageFile? image = ImageFile.TryOpen(path);
        if (image is not null)
        {
            PackDelta.RefuseBase(parsed.GetValue(_base), path);
            var report = new ImageReport(_terminal);
            report.Inspected(image, asJson: parsed.GetValue(_json), all: parsed.GetValue(_verbose));
            return (int)ExitClass.Ok;
        }
        using PackContents pack = parsed.GetValue(_base) is { } basePath
            ? PackContents.Open(path, basePath)
            : PackContents.OpenAlone(path);
        PackSummary summary = PackSummary.Read(pack, EnvironmentVariables.Threads, cancellation);
        if (parsed.GetValue(_json))
        {
            _terminal.Out.WriteLine(JsonOutput.Write("packhorse/inspect/1", json => Write(json, pack, summary)));
        }
        else
        {
            DeltaText.Write(_terminal.Out, pack);
            SummaryText.Write(_terminal.Out, summary, all: parsed.GetValue(_verbose));
        }
        return (int)ExitClass.Ok;
    }

    private static void Write(Utf8JsonWriter json, PackContents pack, PackSummary summary)
    {
        json.WriteString("environment", summary.Manifest.Environment);
        json.WriteString("platform", summary.Manifest.Platform.Subdir);
        json.WriteString("digest", summary.Identity.ToString());
        json.WriteNumber("packed_size", summary.PackedSize);
        json.WriteNumber("unpacked_size", summary.Size);
        json.WriteNumber("files", summary.Files);
        json.WriteNumber("not_verifiable", summary.Unverifiable);
        DeltaText.Write(json, pack);
        JsonOutput.WriteStrings(json, "virtual_packages", summary.VirtualPackages);
        json.WriteStartArray("packages");
        foreach (PackageSummary package in summary.Packages)
        {
            json.WriteStartObject();
            json.WriteString("name", package.Record.Name);
            json.WriteString("version", package.Record.Version);
            json.WriteString("build", package.Record.Build);
            json.WriteString("path", package.Path);
            json.WriteNumber("packed_size", package.PackedSize);
            json.WriteNumber("unpacked_size", package.Size);
            json.WriteNumber("files", package.Files);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
