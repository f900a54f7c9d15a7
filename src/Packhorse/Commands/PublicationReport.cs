using System.Text.Json;
using Packhorse.Output;
using Packhorse.Publish;

namespace Packhorse.Commands;

/// <summary>What <c>publish</c> prints: where each file is, and what goes into a submit file.</summary>
internal sealed class PublicationReport(Terminal terminal, SiteProfile site, IDestination destination)
{
    private readonly List<Entry> _all = [];

    public async Task AddAsync(Publication publication, CancellationToken cancellation)
    {
        PublishedBase? from = await PublishedBase
            .OfAsync(publication.File.Delta, destination, cancellation)
            .ConfigureAwait(false);
        _all.Add(
            new Entry(
                publication,
                Advise(publication.Name, publication.File.Size),
                from is null ? null : (from, Advise(from.Name, from.Size))
            )
        );
    }

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

    private TransferAdvice Advise(string name, long size) =>
        site.AdviseOn(destination.SitePath(name), destination.Url(name), size);

    // A delta's base before it.
    private IEnumerable<TransferAdvice> Advices => _all.SelectMany(entry => entry.Advices);

    private string Inputs => string.Join(", ", Advices.Select(advice => advice.Input).Distinct(StringComparer.Ordinal));

    private IEnumerable<string> SubmitLines =>
        Advices.SelectMany(advice => advice.SubmitLines).Distinct(StringComparer.Ordinal);

    private void WriteText()
    {
        TextWriter output = terminal.Out;
        foreach (Entry entry in _all)
        {
            (Publication publication, TransferAdvice advice, _) = entry;
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
            WriteBase(entry);
            if (publication.Signature is { } signature)
            {
                output.WriteLine($"{"signature", -13}  {Printable.Text(destination.Location(signature.Name))}");
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
        WriteStarts();
        string[] notes = [.. Advices.SelectMany(advice => advice.Notes).Distinct(StringComparer.Ordinal)];
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

    private void WriteBase(Entry entry)
    {
        if (entry.Publication.File.Delta is not { } delta)
        {
            return;
        }
        if (entry.Base is not { } from)
        {
            terminal.Out.WriteLine(
                $"{"base", -13}  {Printable.Text(delta.DescribeBase())} was a directory: jobs need it as a file, which can be published"
            );
            return;
        }
        terminal.Out.WriteLine($"{"base", -13}  {Printable.Text(destination.Location(from.Place.Name))}");
        if (!from.Place.IsThere)
        {
            terminal.Out.WriteLine(
                $"{"", -13}  which is not there: publish {Printable.Text(delta.DescribeBase())}, too"
            );
        }
    }

    // How deltas are started: nothing else in a submit file says that the two belong together.
    private void WriteStarts()
    {
        (string Base, string Delta)[] pairs =
        [
            .. _all.Where(entry => entry.Base is not null)
                .Select(entry => (entry.Base!.Value.Place.Name, entry.Publication.Name)),
        ];
        if (pairs.Length > 0)
        {
            terminal.Out.WriteLine();
            terminal.Out.WriteLine("In the job's script:");
        }
        foreach ((string from, string delta) in pairs)
        {
            string start = delta.EndsWith(".sh", StringComparison.Ordinal)
                ? $"sh {delta} run --base {from}"
                : $"packhorse run --base {from} {delta}";
            terminal.Out.WriteLine($"  {Printable.Text(start)} -- CMD");
        }
    }

    private void WriteJson(Utf8JsonWriter json, bool dryRun)
    {
        json.WriteBoolean("dry_run", dryRun);
        json.WriteString("site", site.Name);
        json.WriteStartArray("files");
        foreach (Entry entry in _all)
        {
            (Publication publication, TransferAdvice advice, _) = entry;
            json.WriteStartObject();
            json.WriteString("path", publication.File.Path);
            json.WriteString("name", publication.Name);
            json.WriteString("location", destination.Location(publication.Name));
            json.WriteString("status", StatusOf(publication));
            json.WriteNumber("size", publication.File.Size);
            json.WriteString("sha256", publication.File.Sha256.ToString());
            json.WriteString("root", publication.File.Root?.ToString());
            json.WriteString("url", advice.FederationUrl);
            json.WriteString("transfer_input_file", advice.Input);
            WriteTexts(json, "notes", advice.Notes);
            if (entry.Base is { } from)
            {
                json.WriteStartObject("base");
                json.WriteString("name", from.Place.Name);
                json.WriteString("location", destination.Location(from.Place.Name));
                json.WriteBoolean("is_there", from.Place.IsThere);
                json.WriteString("url", from.Advice.FederationUrl);
                json.WriteString("transfer_input_file", from.Advice.Input);
                json.WriteEndObject();
            }
            if (publication.Signature is { } signature)
            {
                json.WriteStartObject("signature");
                json.WriteString("name", signature.Name);
                json.WriteString("location", destination.Location(signature.Name));
                json.WriteString("status", StatusOf(signature));
                json.WriteEndObject();
            }
            WriteTexts(json, "broken", publication.Broken.Select(destination.Location));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteString("transfer_input_files", Inputs);
        WriteTexts(json, "submit", SubmitLines);
    }

    private static string StatusOf(Publication publication) =>
        publication.Kind switch
        {
            PublicationKind.Published => "published",
            PublicationKind.AlreadyThere => "already_there",
            _ => "would_be_published",
        };

    private static void WriteTexts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts)
        {
            json.WriteStringValue(text);
        }
        json.WriteEndArray();
    }

    /// <param name="Base">Of a delta.</param>
    private sealed record Entry(
        Publication Publication,
        TransferAdvice Advice,
        (PublishedBase Place, TransferAdvice Advice)? Base
    )
    {
        public IEnumerable<TransferAdvice> Advices => Base is { } from ? [from.Advice, Advice] : [Advice];
    }
}
