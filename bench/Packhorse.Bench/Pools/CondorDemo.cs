using System.Diagnostics;
using System.Globalization;
using Packhorse.Bench.Measure;
using Packhorse.TestChannel;

namespace Packhorse.Bench.Pools;

/// <summary>The tutorial's way in a real pool: pack, publish, write the job's files, eight jobs, one interactive session.</summary>
internal sealed class CondorDemo(TextWriter output)
{
    private const int Jobs = 8;
    private const string Archive = "environment.sh";

    // Longer than a few of the pool's measurements.
    private const string Program = """
        import random
        points = inside = 0
        random.seed(int(sys.argv[1]))
        while time.time() < done + 10:
            inside += random.random() ** 2 + random.random() ** 2 < 1
            points += 1
        open("result-%s.txt" % sys.argv[1], "w").write("%d points, pi is about %.4f\n" % (points, 4 * inside / points))

        """;

    public static int Run(TextWriter output)
    {
        using var cleanup = new Cleanup();
        return new CondorDemo(output).Run(cleanup);
    }

    private int Run(Cleanup cleanup)
    {
        Channel channel = SmallChannel.Make(
            new ChannelOptions
            {
                Directory = Path.Combine(cleanup.MakeDirectory("packhorse-demo-"), "channel"),
                Report = line => output.WriteLine($"  {line}"),
            }
        );
        long start = Stopwatch.GetTimestamp();
        var pool = CondorPool.Start(
            new PoolOptions
            {
                Configuration = JobCost.LogFormat,
                Programs = new Dictionary<string, string> { ["packhorse"] = Programs.Packhorse },
            }
        );
        cleanup.Add(pool.Dispose);
        var project = new PoolProject(pool, "demo");
        string version = project.Run("condor_version").Split(' ')[1];
        output.WriteLine(
            $"A pool of HTCondor {version} with an osdf plugin of the tests, up in {Text(Stopwatch.GetElapsedTime(start))}."
        );
        output.WriteLine(
            "It measures jobs every 3 s, where other pools take minutes; the jobs run for 10 s, so that they are measured."
        );
        Submit(project, channel);
        project.Wait("demo.log", TimeSpan.FromMinutes(5));
        IReadOnlyList<JobCost> costs = project.Costs("demo");
        Report(costs, pool);
        bool isRight = Interact(project) & Check(project, costs);
        start = Stopwatch.GetTimestamp();
        pool.Dispose();
        output.WriteLine();
        output.WriteLine($"The pool is down, in {Text(Stopwatch.GetElapsedTime(start))}.");
        output.WriteLine(isRight ? "It works." : "It does not work.");
        return isRight ? 0 : 1;
    }

    private void Submit(PoolProject project, Channel channel)
    {
        project.Write("train.py", JobCost.Prologue("bz2, ctypes, hashlib, lzma, sqlite3, ssl") + Program);
        output.WriteLine();
        output.WriteLine($"$ packhorse pack pixi.lock --image --create-executable -o {Archive}");
        Measurement packing = MeasuredProcess.Run([
            Programs.Packhorse,
            "pack",
            channel.LockFile,
            "--image",
            "--create-executable",
            "-q",
            "-o",
            project[Archive],
        ]);
        if (packing.ExitCode != 0)
        {
            throw new InvalidOperationException("pack failed");
        }
        output.WriteLine(
            $"{channel.Packages.Count} packages, {Megabytes(new FileInfo(project[Archive]).Length)}, in {Text(packing.Wall)}"
        );
        Say(
            project,
            "packhorse condor init --name demo --jobs 8 --output-mb 16 --memory '128 MB' --output 'result-$(Process).txt' --to $STAGING/envs -- python train.py"
        );
        // The one line of a submit file that only its user knows.
        Say(project, "sed -i 's/^executable = .*/&\\narguments = $(Process)/' demo.sub");
        Say(project, "packhorse condor check demo.sub");
        Say(project, "packhorse condor submit demo.sub");
    }

    private void Report(IReadOnlyList<JobCost> costs, CondorPool pool)
    {
        output.WriteLine();
        output.WriteLine("| job | slot | transfer | start | import | memory used / asked | disk used / asked |");
        output.WriteLine("|---|---|--:|--:|--:|--:|--:|");
        foreach (JobCost cost in costs)
        {
            output.WriteLine(
                $"| {cost.Job} | {cost.Slot} | {Text(cost.Transfer)} | {Text(cost.Start)} | {Text(cost.Import)} | {cost.Record.MemoryUsed} / {cost.Record.MemoryAsked} MB | {cost.Record.DiskUsed / 1024} / {cost.Record.DiskAsked / 1024} MiB |"
            );
        }
        output.WriteLine(
            "start: from the end of the transfer to the first line of Python; memory and disk: as HTCondor measured them"
        );
        string[] transfers = [.. pool.Transfers.Where(line => line.StartsWith("get ", StringComparison.Ordinal))];
        output.WriteLine($"{transfers.Length} transfers by the plugin: {transfers.LastOrDefault()}");
    }

    private bool Interact(PoolProject project)
    {
        output.WriteLine();
        output.WriteLine("$ packhorse condor interact demo.sub   # in the session Python writes session.txt");
        long start = Stopwatch.GetTimestamp();
        PoolOutcome session = project.Try(
            ["packhorse", "condor", "interact", "demo.sub"],
            "python -c 'import sys; print(sys.prefix, sys.version.split()[0])' > session.txt; exit\n"
        );
        TimeSpan taken = Stopwatch.GetElapsedTime(start);
        project.Wait("demo.log", TimeSpan.FromMinutes(1));
        bool came = File.Exists(project["session.txt"]);
        output.WriteLine(
            came
                ? $"session.txt came back: {File.ReadAllText(project["session.txt"]).Trim()}; from condor_submit to exit: {Text(taken)}"
                : $"session.txt did not come back:\n{session.Output}{session.Error}"
        );
        return came;
    }

    private bool Check(PoolProject project, IReadOnlyList<JobCost> costs)
    {
        string[] missing =
        [
            .. Enumerable
                .Range(0, Jobs)
                .Select(i => string.Create(CultureInfo.InvariantCulture, $"result-{i}.txt"))
                .Where(file => !File.Exists(project[file])),
        ];
        output.WriteLine();
        output.WriteLine(
            missing.Length == 0
                ? $"{costs.Count} results came back; of the last: {File.ReadAllText(project["result-7.txt"]).Trim()}"
                : $"missing: {string.Join(", ", missing)}"
        );
        return missing.Length == 0 && costs.Count == Jobs;
    }

    private void Say(PoolProject project, string command)
    {
        output.WriteLine();
        output.WriteLine($"$ {command}");
        output.Write(project.Run("sh", "-c", command));
    }

    private static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB");

    private static string Text(TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.00} s");
}
