using System.Globalization;
using Packhorse.Bench.Measure;
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
        WriteIncremental();
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

    // One small package in a new version: the environment of the old pack is there, the new pack comes.
    public void WriteIncremental()
    {
        string ours = Path.Combine(scratch, "ours");
        string before = PackWithVersion("1.0");
        string after = PackWithVersion("2.0");
        var ratios = new List<double>();
        var updates = new List<double>();
        for (int i = 0; i < Comparison.Pairs; i++)
        {
            PackBenchmark.Remove(ours);
            Measurement full = MeasuredProcess.Run([Programs.Packhorse, "unpack", before, "-o", ours, "-q"]);
            Measurement update = MeasuredProcess.Run([Programs.Packhorse, "unpack", after, "-o", ours, "-q"]);
            if (full.ExitCode != 0 || update.ExitCode != 0)
            {
                throw new InvalidOperationException("the update failed");
            }
            ratios.Add(update.Wall / full.Wall);
            updates.Add(update.Wall.TotalSeconds);
        }
        ratios.Sort();
        updates.Sort();
        Write(
            $"unpack over the environment with one small package changed: {updates[updates.Count / 2]:0.00} s, 1/{1 / ratios[ratios.Count / 2]:0} of a full unpack (1/{1 / ratios[^1]:0}–1/{1 / ratios[0]:0})"
        );
        PackBenchmark.Remove(ours);
        File.Delete(before);
        File.Delete(after);
    }

    // The large environment and one package more.
    private string PackWithVersion(string version)
    {
        BuiltPackage changing = new PackageBuilder("changing", version)
            .NoArchPython()
            .DependsOn("python")
            .AddFile("site-packages/changing.py", $"VERSION = '{version}'\n")
            .PackInto(channel.Directory);
        string directory = Path.Combine(scratch, version);
        Directory.CreateDirectory(directory);
        File.WriteAllText(
            Path.Combine(directory, "pixi.lock"),
            new LockBuilder(new Uri(channel.Directory + "/").AbsoluteUri)
                .In("default")
                .Add([.. channel.Packages, changing])
                .ToYaml()
        );
        string pack = Path.Combine(scratch, $"{version}.tar");
        string[] command = [Programs.Packhorse, "pack", directory, "-p", "linux-64", "-o", pack, "-q"];
        return MeasuredProcess.Run(command).ExitCode == 0 ? pack : throw new InvalidOperationException("pack failed");
    }

    private void Write(FormattableString line) => output.WriteLine($"- {line.ToString(CultureInfo.InvariantCulture)}");
}
