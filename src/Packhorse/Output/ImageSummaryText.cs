using Packhorse.Image;
using Packhorse.Pack;

namespace Packhorse.Output;

/// <summary>What an image holds, for people.</summary>
internal static class ImageSummaryText
{
    private const int Biggest = 10;

    /// <param name="all">Every package instead of the biggest.</param>
    public static void Write(TextWriter output, ImageSummary summary, bool all)
    {
        ImageManifest manifest = summary.Manifest;
        string holder = summary.IsSelfExtracting ? ", in a self-extracting file" : "";
        output.WriteLine($"environment       {Printable.Text(manifest.Environment)}");
        output.WriteLine($"platform          {manifest.Platform}");
        output.WriteLine($"image             {ByteSize.Format(summary.Footer.FileBytes)}{holder}");
        output.WriteLine($"root              {summary.Footer.Root}");
        output.WriteLine(
            $"prefix            {Printable.Text(manifest.Prefix)}{(manifest.IsCanonical ? "" : " (chosen by who packed)")}"
        );
        output.WriteLine($"python            {Printable.Text(manifest.Python ?? "none")}");
        output.WriteLine($"byte-code         {(manifest.HasByteCode ? "in the image, not unpacked" : "none")}");
        if (manifest.HasRunLinkScripts)
        {
            output.WriteLine("link scripts      were run when the image was made");
        }
        output.WriteLine(
            $"read ahead        {(summary.HotSetBytes > 0 ? ByteSize.Format(summary.HotSetBytes) : "nothing recorded")}"
        );
        output.WriteLine($"packages          {manifest.Packages.Count}");
        output.WriteLine($"unpacked          {ByteSize.Format(manifest.Bytes)} in {manifest.Files} files");
        output.WriteLine(
            $"the machine needs {(summary.VirtualPackages.Count > 0 ? Printable.Text(string.Join(", ", summary.VirtualPackages)) : "nothing in particular")}"
        );
        WritePackages(output, manifest, all);
        WriteTools(output, summary);
    }

    public static string Verified(ImageSummary summary) =>
        $"{summary.Path}: {ByteSize.Format(summary.Footer.FileBytes)} are what they should be; root {summary.Footer.Root}";

    private static void WritePackages(TextWriter output, ImageManifest manifest, bool all)
    {
        IEnumerable<ImagePackageInfo> bySize = manifest.Packages.OrderByDescending(package => package.Bytes);
        output.WriteLine();
        output.WriteLine($"{"unpacked", 12} {"files", 8}");
        foreach (ImagePackageInfo package in all ? bySize : bySize.Take(Biggest))
        {
            output.WriteLine($"{ByteSize.Format(package.Bytes), 12} {package.Files, 8}  {package.Record}");
        }
        if (!all && manifest.Packages.Count > Biggest)
        {
            output.WriteLine($"{"", 21}  and {manifest.Packages.Count - Biggest} more (-v lists them)");
        }
    }

    // What other tools show is what is stored: the environment for the prefix that it was made for, and nothing verified.
    private static void WriteTools(TextWriter output, ImageSummary summary)
    {
        string file = Quoted(summary.Path);
        string prefix = Quoted(summary.Manifest.Prefix);
        string offset = $"offset={summary.Offset}";
        output.WriteLine();
        output.WriteLine("By hand, with other tools (they verify nothing; the directory must exist):");
        output.WriteLine($"  squashfuse -o {offset} {file} {prefix}");
        output.WriteLine($"  sudo mount -t squashfs -o ro,loop,{offset} {file} {prefix}");
        output.WriteLine($"  unsquashfs -o {summary.Offset} -d {prefix} {file}");
    }

    private static string Quoted(string text) =>
        text.All(c => char.IsAsciiLetterOrDigit(c) || "+-./:@_,%=".Contains(c))
            ? text
            : $"'{Printable.Text(text).Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
