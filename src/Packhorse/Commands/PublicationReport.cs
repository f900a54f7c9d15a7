using System.Text.Json;
using Packhorse.Output;
using Packhorse.Publish;

namespace Packhorse.Commands;

/// <summary>What <c>publish</c> prints: where each file is, and what goes into a submit file.</summary>
internal sealed class PublicationReport(Terminal terminal, SiteProfile site, IDestination destination)
{
    private readonly List<(Publication Publication, TransferAdvice Advice)> _all = [];

    public void Add(Publication publication) =>
        _all.Add(
            (
                publication,
                site.AdviseOn(
                    destination.SitePath(publication.Name),
                    destination.Url(publication.Name),
                    publication.File.Size
                )
            )
        );

    public void Write(bool asJson, bool dryRun)
    {
        if (asJson)
        {
            terminal.Out.WriteLine(JsonOutput.Write("packhorse/publish/1", json => WriteJson(json, dryRun)));
        }
        else if (_all.Count > 0)
        {
            WriteText();
        }
    }

    private string Inputs => string.Join(", ", _all.Select(entry => entry.Advice.Input));

    private IEnumerable<string> SubmitLines =>
        _all.SelectMany(entry => entry.Advice.SubmitLines).Distinct(StringComparer.Ordinal);

    private void WriteText()
    {
        TextWriter output = terminal.Out;
        foreach ((Publication publication, TransferAdvice advice) in _all)
        {
            string label = publication.Kind switch
            {
                PublicationKind.Published => "published",
                PublicationKind.AlreadyThere => "there already",
                _ => "would publish",
            };
            output.WriteLine($"{label, -13}  {Printable.Text(destination.Location(publication.Name))}");
            output.WriteLine($"{"size", -13}  {ByteSize.Format(publication.File.Size)}");
            output.WriteLine($"{"sha256", -13}  {publication.File.Sha256}");
            if (publication.File.Root is { } root)
            {
                output.WriteLine($"{"root", -13}  {root}");
            }
            if (advice.FederationUrl is { } url)
            {
                output.WriteLine($"{"url", -13}  {Printable.Text(url)}");
            }
            foreach (string name in publication.Broken)
            {
                output.WriteLine($"{"broken", -13}  {Printable.Text(destination.RemovalOf(name))}");
            }
            output.WriteLine();
        }
        output.WriteLine("For the submit file:");
        output.WriteLine($"  transfer_input_files = {Printable.Text(Inputs)}");
        foreach (string line in SubmitLines)
        {
            output.WriteLine($"  {Printable.Text(line)}");
        }
        string[] notes = [.. _all.SelectMany(entry => entry.Advice.Notes).Distinct(StringComparer.Ordinal)];
        if (notes.Length > 0)
        {
            output.WriteLine();
            output.WriteLine($"What {Printable.Text(site.About ?? site.Name)} asks:");
        }
        foreach (string note in notes)
        {
            output.WriteLine($"- {Printable.Text(note)}");
        }
    }

    private void WriteJson(Utf8JsonWriter json, bool dryRun)
    {
        json.WriteBoolean("dry_run", dryRun);
        json.WriteString("site", site.Name);
        json.WriteStartArray("files");
        foreach ((Publication publication, TransferAdvice advice) in _all)
        {
            json.WriteStartObject();
            json.WriteString("path", publication.File.Path);
            json.WriteString("name", publication.Name);
            json.WriteString("location", destination.Location(publication.Name));
            json.WriteString(
                "status",
                publication.Kind switch
                {
                    PublicationKind.Published => "published",
                    PublicationKind.AlreadyThere => "already_there",
                    _ => "would_be_published",
                }
            );
            json.WriteNumber("size", publication.File.Size);
            json.WriteString("sha256", publication.File.Sha256.ToString());
            json.WriteString("root", publication.File.Root?.ToString());
            json.WriteString("url", advice.FederationUrl);
            json.WriteString("transfer_input_file", advice.Input);
            WriteTexts(json, "notes", advice.Notes);
            WriteTexts(json, "broken", publication.Broken.Select(destination.Location));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteString("transfer_input_files", Inputs);
        WriteTexts(json, "submit", SubmitLines);
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts)
        {
            json.WriteStringValue(text);
        }
        json.WriteEndArray();
    }
}
