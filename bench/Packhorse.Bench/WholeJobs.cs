using System.Globalization;

namespace Packhorse.Bench;

/// <summary>
/// What jobs on one node cost that start, import and end: an image that each of them mounts, against a file of packages that each of them
/// unpacks for itself. The first comes to a node that has read nothing yet, the next to what that one has left in the kernel's memory.
/// </summary>
/// <param name="sandboxed">Runs a script of bash as the user of the jobs; gives what it says.</param>
internal sealed class WholeJobs(Func<string, string> sandboxed, TextWriter output)
{
    // Says microseconds, bytes that went to a file system with storage behind it, and bytes of disk that the job had at its end.
    private const string Job = """
        written() { while read -r name value; do [ "$name" = write_bytes: ] && echo $value; done < /proc/$$/io; }
        job() {
            local scratch=$(mktemp -d) before=$(written) begin=$EPOCHREALTIME
            _CONDOR_SCRATCH_DIR=$scratch "$@" > /dev/null || exit 99
            local end=$EPOCHREALTIME
            echo $(( ${end/./} - ${begin/./} )) $(( $(written) - before )) $(du -s -B 1 $scratch | cut -f 1)
            rm -rf $scratch
        }

        """;

    private readonly record struct Cost(double Seconds, double Written, double Disk);

    /// <param name="mounted">A command that runs what follows in the mounted image.</param>
    /// <param name="unpacked">The same, of packages.</param>
    public void Run(string mounted, string unpacked, string code)
    {
        output.WriteLine($"Whole jobs, of start, `{code}` and end; medians of {Comparison.Pairs}:");
        output.WriteLine();
        output.WriteLine("| | s | written, MB | disk, MB |");
        output.WriteLine("|---|--:|--:|--:|");
        var costs = new List<Cost>[4];
        foreach (ref List<Cost> cost in costs.AsSpan())
        {
            cost = [];
        }
        for (int i = 0; i < Comparison.Pairs; i++)
        {
            // Neither way always goes first.
            foreach (int way in i % 2 == 0 ? (int[])[0, 1] : [1, 0])
            {
                (Cost first, Cost next) = Two($"{(way == 0 ? mounted : unpacked)} python -c '{code}'");
                costs[2 * way].Add(first);
                costs[(2 * way) + 1].Add(next);
            }
        }
        Write("image, first job on a node", costs[0]);
        Write("image, next job", costs[1]);
        Write("packages unpacked, first job on a node", costs[2]);
        Write("packages unpacked, next job", costs[3]);
        output.WriteLine();
    }

    private (Cost First, Cost Next) Two(string command)
    {
        MountBenchmarks.DropCaches();
        string[] lines = sandboxed($"{Job}job {command}; job {command}").TrimEnd().Split('\n');
        return (Parse(lines[^2]), Parse(lines[^1]));
    }

    private static Cost Parse(string line)
    {
        double[] numbers = [.. line.Split(' ').Select(text => double.Parse(text, CultureInfo.InvariantCulture) / 1e6)];
        return new Cost(numbers[0], numbers[1], numbers[2]);
    }

    private void Write(string name, List<Cost> costs) =>
        output.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {Median(costs, cost => cost.Seconds):0.00} | {Median(costs, cost => cost.Written):0} | {Median(costs, cost => cost.Disk):0} |"
            )
        );

    private static double Median(List<Cost> costs, Func<Cost, double> of) =>
        costs.Select(of).Order().ElementAt(costs.Count / 2);
}
