using Packhorse.Pack;

namespace Packhorse.Output;

/// <summary>What a pack holds, for people.</summary>
internal static class SummaryText
{
    private const int Biggest = 10;

    /// <param name="all">Every package instead of the biggest.</param>
    public static void Write(TextWriter output, PackSummary summary, bool all)
    {
        output.WriteLine($"environment       {summary.Manifest.Environment ?? "(not named)"}");
        output.WriteLine($"platform          {summary.Manifest.Platform}");
        output.WriteLine($"digest            {summary.Identity}");
        output.WriteLine($"packages          {summary.Packages.Count}");
        output.WriteLine($"packed            {ByteSize.Format(summary.PackedSize)}");
        output.WriteLine($"unpacked          {ByteSize.Format(summary.Size)} in {summary.Files} files");
        output.WriteLine(
            $"the machine needs {(summary.VirtualPackages.Count > 0 ? string.Join(", ", summary.VirtualPackages) : "nothing in particular")}"
        );
        if (summary.Unverifiable > 0)
        {
            output.WriteLine($"not verifiable    {summary.Unverifiable} package(s) have no digest");
        }
        IEnumerable<PackageSummary> bySize = summary.Packages.OrderByDescending(package => package.Size);
        output.WriteLine();
        output.WriteLine($"{"packed", 12} {"unpacked", 12} {"files", 8}");
        foreach (PackageSummary package in all ? bySize : bySize.Take(Biggest))
        {
            output.WriteLine(
                $"{ByteSize.Format(package.PackedSize), 12} {ByteSize.Format(package.Size), 12} {package.Files, 8}  {package.Record}"
            );
        }
        if (!all && summary.Packages.Count > Biggest)
        {
            output.WriteLine($"{"", 34}  and {summary.Packages.Count - Biggest} more (-v lists them)");
        }
    }
}
