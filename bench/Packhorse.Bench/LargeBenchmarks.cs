using System.Globalization;
using Packhorse.Bench.Measure;
using Packhorse.Model;
using Packhorse.TestChannel;

namespace Packhorse.Bench;

/// <summary>The same questions on a scientific environment of 3 GB, and what large environments ask on top.</summary>
internal sealed class LargeBenchmarks(Channel channel, string scratch, TextWriter output)
{
    private string Pack => Path.Combine(scratch, "large.tar");

    public void Run()
    {
        output.WriteLine(Comparison.Header);
        output.WriteLine(PackBenchmark.Run(channel, scratch));
        PackBenchmark.Remove(Path.Combine(scratch, "copies"));
        MakePack();
        string ours = Path.Combine(scratch, "ours");
        foreach (Comparison comparison in UnpackBenchmark.Run(channel, scratch, Pack))
        {
            output.WriteLine(comparison);
        }
        PackBenchmark.Remove(Path.Combine(scratch, "stock"));
        output.WriteLine(AgainstUnsquashfs(ours));
        output.WriteLine();
        WriteTotals(ours);
        WriteIncremental(ours);
        new CutDownloads(channel, "default", scratch, Write).Run();
    }

    private void MakePack()
    {
        if (MeasuredProcess.Run([Programs.Packhorse, "pack", channel.LockFile, "-o", Pack, "-q"]).ExitCode != 0)
        {
            throw new InvalidOperationException("pack failed");
        }
    }

    private Comparison AgainstUnsquashfs(string ours)
    {
        string image = Path.Combine(scratch, "large.sqfs");
        string stock = Path.Combine(scratch, "stock");
        MeasuredProcess.Run([Programs.Packhorse, "unpack", Pack, "-o", ours, "-q"]);
        string[] settings = ["-comp", "zstd", "-Xcompression-level", "6", "-no-progress", "-quiet", "-noappend"];
        if (
            MeasuredProcess.Run([Programs.Find("mksquashfs"), Path.Combine(ours, "env"), image, .. settings]).ExitCode
            != 0
        )
        {
            throw new InvalidOperationException("mksquashfs failed");
        }
        Comparison comparison = Comparison.Run(
            "unpack FILE",
            "unsquashfs of the same tree",
            () => Unpack(ours),
            () =>
            {
                PackBenchmark.Remove(stock);
                string processors = Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture);
                return MeasuredProcess.Run([
                    Programs.Find("unsquashfs"),
                    "-no-progress",
                    "-quiet",
                    "-p",
                    processors,
                    "-d",
                    stock,
                    image,
                ]);
            }
        );
        File.Delete(image);
        PackBenchmark.Remove(stock);
        return comparison;
    }

    private Measurement Unpack(string ours)
    {
        PackBenchmark.Remove(ours);
        return MeasuredProcess.Run([Programs.Packhorse, "unpack", Pack, "-o", ours, "-q"]);
    }

    private void WriteTotals(string ours)
    {
        Measurement file = Unpack(ours);
        long environment = SizeOf(Path.Combine(ours, "env"));
        int files = Directory
            .EnumerateFileSystemEntries(
                ours,
                "*",
                new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }
            )
            .Count();
        PackBenchmark.Remove(ours);
        Measurement stream = MeasuredProcess.Run([Programs.Packhorse, "unpack", "-", "-o", ours, "-q"], input: Pack);
        File.Delete(Pack);
        Measurement pack = MeasuredProcess.Run([Programs.Packhorse, "pack", channel.LockFile, "-o", Pack, "-q"]);
        Write($"the environment: {environment / 1e6:0} MB in {files} files and directories");
        Write($"bytes written by unpack FILE: {(double)file.BytesWritten / environment:0.000} x the environment's");
        Write($"bytes written by unpack -: {(double)stream.BytesWritten / environment:0.000} x the environment's");
        Write($"bytes written by pack: {(double)pack.BytesWritten / new FileInfo(Pack).Length:0.0000} x the output's");
        Write(
            $"peak memory of unpack FILE: {file.PeakTotal / 1e6:0} MB; of unpack -: {stream.PeakTotal / 1e6:0} MB; of pack: {pack.PeakTotal / 1e6:0} MB"
        );
    }

    internal static long SizeOf(string directory) =>
        new DirectoryInfo(directory)
            .EnumerateFiles(
                "*",
                new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }
            )
            .Sum(entry => entry.Length);

    // One small package changed: the environment without it is there, the pack with it comes.
    private void WriteIncremental(string ours)
    {
        BuiltPackage changed = channel
            .Packages.Where(package => package.Record.NoArch == NoArchKind.Python)
            .OrderBy(package => package.Content.Length)
            .First();
        var ratios = new List<double>();
        for (int i = 0; i < Comparison.Pairs; i++)
        {
            Measurement full = Unpack(ours);
            string record = Path.Combine(ours, "env", "conda-meta", $"{changed.Record.DistributionName}.json");
            string other = File.ReadAllText(record)
                .Replace(changed.Record.Sha256!.Value.ToString(), new string('0', 64), StringComparison.Ordinal);
            File.WriteAllText(record, other);
            Measurement update = MeasuredProcess.Run([Programs.Packhorse, "unpack", Pack, "-o", ours, "-q"]);
            if (update.ExitCode != 0)
            {
                throw new InvalidOperationException("the update failed");
            }
            ratios.Add(update.Wall / full.Wall);
        }
        ratios.Sort();
        Write(
            $"unpack over the environment with one small package ({changed.Record.Name}) changed: 1/{1 / ratios[ratios.Count / 2]:0} of a full unpack (1/{1 / ratios[^1]:0}–1/{1 / ratios[0]:0})"
        );
        PackBenchmark.Remove(ours);
    }

    private void Write(FormattableString line) => output.WriteLine($"- {line.ToString(CultureInfo.InvariantCulture)}");
}
