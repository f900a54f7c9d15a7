using System.Text.Json;
using Packhorse.Pack;

namespace Packhorse.Output;

/// <summary>Of what a delta is, and what it lacks; nothing of whole packs.</summary>
internal static class DeltaText
{
    public static void Write(TextWriter output, PackContents pack)
    {
        if (pack.Manifest.Delta is not { } delta)
        {
            return;
        }
        output.WriteLine($"delta of          {Printable.Text(delta.DescribeBase())}");
        output.WriteLine($"base's digest     {delta.Base}");
        output.WriteLine(
            $"in the base       {pack.Lacking.Count} of {pack.Packages.Count} packages, {ByteSize.Format(LackingBytes(pack))}"
        );
    }

    public static void Write(Utf8JsonWriter json, PackContents pack)
    {
        if (pack.Manifest.Delta is not { } delta)
        {
            return;
        }
        json.WriteStartObject("delta");
        json.WriteString("base_name", delta.BaseName);
        json.WriteString("base_digest", delta.Base.ToString());
        json.WriteString("base_sha256", delta.BaseSha256?.ToString());
        if (delta.BaseSize is { } size)
        {
            json.WriteNumber("base_size", size);
        }
        json.WriteNumber("packages_in_base", pack.Lacking.Count);
        json.WriteNumber("size_in_base", LackingBytes(pack));
        json.WriteEndObject();
    }

    private static long LackingBytes(PackContents pack) =>
        pack.Manifest.Members!.Where(member => pack.Lacking.Contains(member.Path)).Sum(member => member.Size);
}
