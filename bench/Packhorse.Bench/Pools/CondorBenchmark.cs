using System.Globalization;
using Packhorse.Bench.Measure;
using Packhorse.TestChannel;

namespace Packhorse.Bench.Pools;

/// <summary>One environment in jobs of a real pool by several ways: what the first job on a node waits for, and what the next.</summary>
internal sealed class CondorBenchmark(Cleanup cleanup, TextWriter output)
{
    // Longer than a few of the pool's measurements.
    private const string Measured = "time.sleep(8)\n";
    private const string SharedName = "container";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <param name="imports">Modules that a program begins with.</param>
    /// <param name="rounds">Of each way a first and a next job in each.</param>
    public void Run(Channel channel, string directory, string imports, int rounds)
    {
        var carried = Carried.Make(channel, directory);
        var pool = CondorPool.Start(
            new PoolOptions
            {
                Packages = ["charliecloud-runtime", "zstd"],
                Configuration = JobCost.LogFormat,
                Programs = new Dictionary<string, string> { ["packhorse"] = Programs.Packhorse },
            }
        );
        cleanup.Add(pool.Dispose);
        string shared = Path.Combine(pool.Staging, SharedName);
        Checked("/bin/cp", "-a", carried.Root, shared);
        IReadOnlyList<Way> ways = Way.All(carried, JobCost.Prologue(imports) + Measured, $"/staging/{SharedName}");
        var projects = ways.Select((way, i) => (way, project: new PoolProject(pool, $"way{i}"))).ToArray();
        foreach ((Way way, PoolProject project) in projects)
        {
            way.Prepare(project);
        }
        // Ways in turns, so that what else happens on the machine meets all of them.
        for (int i = 0; i < rounds; i++)
        {
            foreach ((_, PoolProject project) in projects)
            {
                Checked("/bin/sh", "-c", "sync; echo 3 > /proc/sys/vm/drop_caches");
                RunJob(project);
                RunJob(project);
            }
        }
        Report([.. projects.Select(item => (item.way.Name, item.project.Costs("job")))]);
        output.WriteLine();
        output.WriteLine(
            $"Files: ours {Size(carried.Pack)} (packages) and {Size(carried.Image)} (image); upstream's {Size(carried.Stock)}; the container {Size(carried.Container)}, {LargeBenchmarks.SizeOf(carried.Root) / 1e6:0} MB as a directory."
        );
    }

    private static void RunJob(PoolProject project)
    {
        project.Run("condor_submit", "job.sub");
        project.Wait("job.log", Patience);
        // Fails at the first job that did not end well.
        _ = project.Costs("job");
    }

    private void Report(IReadOnlyList<(string Way, IReadOnlyList<JobCost> Jobs)> rows)
    {
        output.WriteLine(
            "| | job | transfer, s | start, s | first import, s | total, s | memory used / asked, MB | disk used / asked, MB |"
        );
        output.WriteLine("|---|---|--:|--:|--:|--:|--:|--:|");
        foreach ((string way, IReadOnlyList<JobCost> jobs) in rows)
        {
            foreach ((string name, int odd) in ((string, int)[])[("first", 0), ("next", 1)])
            {
                JobCost[] some = [.. jobs.Where((_, i) => i % 2 == odd)];
                string Seconds(Func<JobCost, TimeSpan> time) =>
                    Median([.. some.Select(cost => time(cost).TotalSeconds)])
                        .ToString("0.00", CultureInfo.InvariantCulture);
                string Number(Func<JobCost, long?> number) =>
                    Median([.. some.Select(cost => (double)(number(cost) ?? 0))])
                        .ToString("0", CultureInfo.InvariantCulture);
                output.WriteLine(
                    $"| {way} | {name} | {Seconds(cost => cost.Transfer)} | {Seconds(cost => cost.Start)} | {Seconds(cost => cost.Import)} | {Seconds(cost => cost.Total)} | {Number(cost => cost.Record.MemoryUsed)} / {Number(cost => cost.Record.MemoryAsked)} | {Number(cost => cost.Record.DiskUsed * 1024 / 1_000_000)} / {Number(cost => cost.Record.DiskAsked * 1024 / 1_000_000)} |"
                );
            }
        }
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }

    private static string Size(string file) =>
        string.Create(CultureInfo.InvariantCulture, $"{new FileInfo(file).Length / 1e6:0} MB");

    private static void Checked(params string[] command)
    {
        if (MeasuredProcess.Run(command).ExitCode != 0)
        {
            throw new InvalidOperationException($"{string.Join(' ', command)} failed");
        }
    }
}
