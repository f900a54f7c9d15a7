using System.Diagnostics;
using System.Globalization;
using Packhorse.Bench.Measure;
using Packhorse.TestChannel;

namespace Packhorse.Bench.Pools;

/// <summary>A thousand short jobs of one environment on three nodes: with common input files of HTCondor 25, and with 23.9, which has none.</summary>
internal sealed class ManyJobsBenchmark(Cleanup cleanup, TextWriter output, int jobs)
{
    public const int UsualJobs = 1000;

    private const int TicksPerSecond = 100; // USER_HZ

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(40);
    private static readonly PoolNode[] Nodes = [new("two"), new("three")];

    public void Run(Channel channel, string scratch)
    {
        string file = Path.Combine(scratch, "environment.sh");
        if (
            MeasuredProcess
                .Run([Programs.Packhorse, "pack", channel.LockFile, "-q", "--image", "--create-executable", "-o", file])
                .ExitCode != 0
        )
        {
            throw new InvalidOperationException("pack failed");
        }
        output.WriteLine(
            $"### condor-many: {jobs} jobs of python -c pass, {new FileInfo(file).Length / 1_000_000} MB of environment, {Nodes.Length + 1} nodes of 8 slots; {Environment.ProcessorCount} processors\n"
        );
        output.WriteLine(
            "| HTCondor | transfers of the environment | all done after, s | held | started twice | condor_schedd, s of processor | its duty cycle |"
        );
        output.WriteLine("|---|--:|--:|--:|--:|--:|--:|");
        Run("sid", file, "--common-files");
        Run("trixie", file);
    }

    private void Run(string suite, string file, params string[] options)
    {
        var pool = CondorPool.Start(
            new PoolOptions
            {
                Suite = suite,
                Nodes = Nodes,
                Configuration = "MAX_JOBS_RUNNING = 100\n",
                Programs = new Dictionary<string, string> { ["packhorse"] = Programs.Packhorse },
            }
        );
        cleanup.Add(pool.Dispose);
        var project = new PoolProject(pool, "many");
        string version = project.Run("condor_version").Split(' ')[1];
        project.Write("marker", "");
        File.Copy(file, project["environment.sh"]);
        string count = jobs.ToString(CultureInfo.InvariantCulture);
        string[] asked = ["--name", "many", "--jobs", count, "--output-mb", "1", "--memory", "64 MB"];
        project.Run([
            .. (string[])["packhorse", "condor", "init", "--to", $"{CondorPool.StagingInside}/envs"],
            .. (string[])[.. asked, .. options, "--", "python", "-c", "pass"],
        ]);
        long start = Stopwatch.GetTimestamp();
        project.Run("packhorse", "condor", "submit", "many.sub");
        project.Wait("many.log", Patience);
        TimeSpan taken = Stopwatch.GetElapsedTime(start);
        string log = File.ReadAllText(project["many.log"]);
        int transfers = pool.Transfers.Count(line => line.StartsWith("get ", StringComparison.Ordinal));
        double duty = double.Parse(
            project.Run("condor_status", "-schedd", "-af", "RecentDaemonCoreDutyCycle"),
            CultureInfo.InvariantCulture
        );
        output.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"| {version} | {transfers} | {taken.TotalSeconds:0} | {Count(log, "\n012 (")} | {Count(log, "\n001 (") - jobs} | {SecondsOf("condor_schedd", pool):0.0} | {duty:0.00} |"
            )
        );
        pool.Dispose();
    }

    private static int Count(string text, string what) => text.Split(what).Length - 1;

    // Of the daemon in this pool: there may be other pools on the machine.
    private static double SecondsOf(string program, CondorPool pool)
    {
        foreach (
            string child in File.ReadAllText($"/proc/{pool.MasterProcess}/task/{pool.MasterProcess}/children")
                .Split(' ')
        )
        {
            if (child.Length == 0 || File.ReadAllText($"/proc/{child}/comm").Trim() != program)
            {
                continue;
            }
            // Behind the name in brackets, which may hold anything: utime and stime are the 12th and 13th.
            string[] fields = File.ReadAllText($"/proc/{child}/stat").Split(") ")[1].Split(' ');
            return fields[11..13].Sum(ticks => double.Parse(ticks, CultureInfo.InvariantCulture)) / TicksPerSecond;
        }
        return double.NaN;
    }
}
