using System.Text.Json;
using Packhorse.Lock;
using Packhorse.Model;
using Packhorse.Output;
using Packhorse.Packing;

namespace Packhorse.Commands;

/// <summary>What <c>pack</c> prints.</summary>
/// <param name="since">Of a delta: what it leaves out.</param>
internal sealed class PackReport(Terminal terminal, PackPlan plan, DeltaBase? since)
{
    /// <summary>What would be packed.</summary>
    public void Plan(bool asJson)
    {
        if (asJson)
        {
            terminal.Out.WriteLine(
                JsonOutput.Write(
                    "packhorse/pack/1",
                    json =>
                    {
                        json.WriteBoolean("dry_run", true);
                        WritePlan(json);
                    }
                )
            );
            return;
        }
        foreach (LockedPypiPackage package in plan.ToBuild)
        {
            terminal.Out.WriteLine($"{"to build", 12}  {package.Name}");
        }
        foreach (LockedCondaSource source in plan.Sources)
        {
            terminal.Out.WriteLine($"{"to build", 12}  {Printable.Text(source.Name)}");
        }
        PlannedMember[] arriving = [.. plan.Members.Where(member => since?.ContentOf(member) is null)];
        foreach (PlannedMember member in arriving)
        {
            string size = member.Expected.Size is { } bytes ? ByteSize.Format(bytes) : "unknown";
            terminal.Out.WriteLine($"{size, 12}  {member.Path}");
        }
        terminal.Out.WriteLine(
            $"{ByteSize.Format(arriving.Sum(member => member.Expected.Size ?? 0)), 12}  {Described(arriving.Length)}"
        );
    }

    private string Described(int packages)
    {
        string which = since is null
            ? $"{packages} packages"
            : $"{packages} packages, and {plan.Members.Count - packages} in {EntryPath.Quote(since.Name)},";
        return $"{which} of environment {plan.Environment} for {plan.PlatformName}";
    }

    private void WritePlan(Utf8JsonWriter json)
    {
        json.WriteString("environment", plan.Environment);
        json.WriteString("platform", plan.Platform.Subdir);
        json.WriteNumber("size", plan.Size);
        json.WriteStartArray("packages");
        foreach (PlannedMember member in plan.Members)
        {
            json.WriteStartObject();
            json.WriteString("path", member.Path);
            json.WriteString("name", member.Record.Name);
            json.WriteString("version", member.Record.Version);
            json.WriteString("build", member.Record.Build);
            json.WriteString("url", member.Origin);
            if (member.Expected.Size is { } size)
            {
                json.WriteNumber("size", size);
            }
            json.WriteString("sha256", member.Expected.Sha256?.ToString());
            if (since is not null)
            {
                json.WriteBoolean("in_base", since.ContentOf(member) is not null);
            }
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <summary>What was packed.</summary>
    public void Json(PackResult result) =>
        terminal.Out.WriteLine(
            JsonOutput.Write(
                "packhorse/pack/1",
                json =>
                {
                    json.WriteString("output", result.Output);
                    json.WriteNumber("output_size", result.Size);
                    WritePlan(json);
                }
            )
        );

    /// <inheritdoc cref="Json"/>
    /// <param name="where">The output for people.</param>
    public void Text(PackResult result, string where) =>
        terminal.Error.WriteLine(
            $"Created {(since is null ? "pack" : "delta")} at {where} with size {ByteSize.Format(result.Size)}: {Described(result.Packages)}"
        );
}
