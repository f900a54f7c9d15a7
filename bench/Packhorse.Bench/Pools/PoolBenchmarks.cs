using System.Globalization;
using Packhorse.Bench.Measure;
using Packhorse.TestChannel;

namespace Packhorse.Bench.Pools;

/// <summary>The benchmarks in a pool of HTCondor, and what jobs of a real lock file's environment would ask for.</summary>
internal static class PoolBenchmarks
{
    private const string OfSmall = "bz2, ctypes, hashlib, lzma, sqlite3, ssl";
    private const string OfLarge = "numpy, scipy.stats, torch";

    public static int Run(string[] names, TextWriter output)
    {
        using var cleanup = new Cleanup();
        string scratch = cleanup.MakeDirectory("packhorse-bench-");
        string directory = Path.Combine(scratch, "channel");
        var options = new ChannelOptions { Directory = directory, Report = Console.Error.WriteLine };
        switch (names)
        {
            case ["condor"]:
                Table("condor", SmallChannel.Make(options), OfSmall, rounds: 3);
                return 0;
            case ["condor", "large"]:
                Table("condor large", LargeChannel.Make(options), OfLarge, rounds: 3);
                return 0;
            case ["condor", "shaped", var lockFile, var environment]:
                var shape = new ShapeOptions(lockFile) { Environment = environment };
                Shaped(ShapedChannel.Make(shape, options), environment, scratch, output);
                return 0;
            case ["condor-many"]:
                new ManyJobsBenchmark(cleanup, output, ManyJobsBenchmark.UsualJobs).Run(
                    SmallChannel.Make(options),
                    scratch
                );
                return 0;
            case ["condor-many", var jobs] when int.TryParse(jobs, out int count) && count > 0:
                new ManyJobsBenchmark(cleanup, output, count).Run(SmallChannel.Make(options), scratch);
                return 0;
            default:
                Console.Error.WriteLine(
                    "usage: bench condor [large | shaped LOCK ENVIRONMENT] | bench condor-many [JOBS]"
                );
                return 2;
        }

        void Table(string name, Channel channel, string imports, int rounds)
        {
            output.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"### {name}: {channel.Packages.Count} packages, {channel.PackedSize / 1e6:0} MB packed; HTCondor 23.9, {Environment.ProcessorCount} processors, {rounds} rounds, medians; first import: {imports}\n"
                )
            );
            new CondorBenchmark(cleanup, output).Run(channel, scratch, imports, rounds);
        }
    }

    // No pool is needed to compute them.
    private static void Shaped(Channel channel, string environment, string scratch, TextWriter output)
    {
        output.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"### requests of jobs: {channel.Packages.Count} packages, {channel.PackedSize / 1e6:0} MB packed\n"
            )
        );
        foreach ((string kind, string[] options) in ((string, string[])[])[("image", ["--image"]), ("packages", [])])
        {
            string file = Path.Combine(scratch, "environment.sh");
            Checked(
                [Programs.Packhorse, "pack", channel.LockFile, "-e", environment, "-p", "linux-64", "-q"],
                [.. options, "--create-executable", "-o", file],
                "/dev/null"
            );
            string lines = Path.Combine(scratch, "lines");
            Checked(
                ["/usr/bin/env", "-C", scratch, Programs.Packhorse, "condor", "init", "--name", "job", "--dry-run"],
                ["--output-mb", "256", file, "--", "python", "train.py"],
                lines
            );
            output.WriteLine($"{kind}, {new FileInfo(file).Length / 1_000_000} MB:");
            foreach (string line in File.ReadLines(lines).Where(IsRequest))
            {
                output.WriteLine($"    {line}");
            }
            File.Delete(file);
        }
    }

    private static bool IsRequest(string line) =>
        line.StartsWith("request_", StringComparison.Ordinal)
        || line.StartsWith("gpus_", StringComparison.Ordinal)
        || line.StartsWith("# KiB", StringComparison.Ordinal);

    private static void Checked(string[] command, string[] arguments, string standardOutput)
    {
        if (MeasuredProcess.Run([.. command, .. arguments], standardOutput).ExitCode != 0)
        {
            throw new InvalidOperationException($"{string.Join(' ', command)} failed");
        }
    }
}
