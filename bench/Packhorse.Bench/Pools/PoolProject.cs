using System.Globalization;
using Packhorse.TestChannel;

namespace Packhorse.Bench.Pools;

/// <summary>A directory of the pool's user, from which jobs are submitted.</summary>
internal sealed class PoolProject(CondorPool pool, string name)
{
    public string this[string file] => Path.Combine(pool.Home, name, file);

    public PoolProject Write(string file, string text)
    {
        _ = Try(["true"]);
        File.WriteAllText(this[file], text);
        return this;
    }

    /// <summary>Makes a link, so that what is large is there once.</summary>
    public PoolProject Link(string file, string target)
    {
        _ = Try(["true"]);
        File.CreateSymbolicLink(this[file], target);
        return this;
    }

    public PoolOutcome Try(IReadOnlyList<string> command, string input = "") => pool.Run(name, command, input);

    /// <returns>What it said.</returns>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public string Run(params string[] command)
    {
        PoolOutcome outcome = Try(command);
        return outcome.ExitCode == 0
            ? outcome.Output + outcome.Error
            : throw new InvalidOperationException(
                $"{string.Join(' ', command)} ended with {outcome.ExitCode}:\n{outcome.Output}{outcome.Error}"
            );
    }

    /// <summary>Waits for all jobs of a log.</summary>
    /// <exception cref="InvalidOperationException">They take longer.</exception>
    public void Wait(string log, TimeSpan patience)
    {
        string seconds = patience.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
        if (Try(["condor_wait", "-wait", seconds, log]).ExitCode != 0)
        {
            string queue = Try(["condor_q", "-all", "-hold"]).Output;
            throw new InvalidOperationException(
                $"jobs are not done after {seconds} s\n{queue}\n{File.ReadAllText(this[log])}"
            );
        }
    }

    /// <summary>What the jobs of a log cost.</summary>
    public IReadOnlyList<JobCost> Costs(string job) =>
        JobCost.Read(
            File.ReadAllText(this[$"{job}.log"]),
            number => File.ReadAllText(this[$"{job}.{number}.out"]) + File.ReadAllText(this[$"{job}.{number}.err"])
        );
}
