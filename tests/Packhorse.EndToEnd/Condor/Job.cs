using Packhorse.TestChannel;

namespace Packhorse.EndToEnd.Condor;

/// <summary>A directory of the pool's user with the files of a job.</summary>
internal sealed class Job(CondorPool pool, string name)
{
    private const int UserId = 5001;

    public string this[string file] => Path.Combine(pool.Home, name, file);

    public Outcome Run(params string[] command) => Run(command, "");

    public Outcome Run(string[] command, string input)
    {
        PoolOutcome outcome = pool.Run(name, command, input);
        return new Outcome(outcome.ExitCode, outcome.Output, outcome.Error);
    }

    public void SubmitAndWait()
    {
        Run("condor_submit", "job.sub").Succeeded();
        WaitForEnd();
    }

    /// <summary>Of all jobs in the log.</summary>
    public void WaitForEnd()
    {
        Outcome wait = Run("condor_wait", "-wait", "120", "job.log");
        Assert.True(wait.ExitCode == 0, Text("job.log"));
    }

    /// <param name="pattern">Of one file, which need not be there yet.</param>
    public void WaitFor(string pattern, string text)
    {
        for (int i = 0; i < 240; i++)
        {
            if (
                Directory.GetFiles(this["."], pattern) is [var file]
                && File.ReadAllText(file).Contains(text, StringComparison.Ordinal)
            )
            {
                return;
            }
            Thread.Sleep(500);
        }
        Assert.Fail($"no '{text}' in {pattern}\n{Text("job.log")}");
    }

    /// <summary>The only file of a pattern.</summary>
    public string Text(string pattern) => File.ReadAllText(Assert.Single(Directory.GetFiles(this["."], pattern)));

    public void Write(string file, string text)
    {
        File.WriteAllText(this[file], text);
        Own(file);
    }

    public void Replace(string file, string old, string text)
    {
        string there = File.ReadAllText(this[file]);
        Assert.Contains(old, there, StringComparison.Ordinal);
        Write(file, there.Replace(old, text, StringComparison.Ordinal));
    }

    /// <summary>Puts lines in the place of the one of a submit file that gives a command.</summary>
    public void Edit(string file, string command, string lines)
    {
        string[] there = File.ReadAllLines(this[file]);
        int at = Array.FindIndex(there, line => line.StartsWith($"{command} =", StringComparison.Ordinal));
        Assert.True(at >= 0, $"no {command} in {file}");
        there[at] = lines;
        Write(file, string.Join('\n', there) + "\n");
    }

    /// <param name="offset">Of the byte that is changed; negative: from the end.</param>
    public void Damage(string file, int offset) => Alter(this[file], offset, 1);

    /// <summary>Changes bytes of a file in its place, or as many as there are.</summary>
    public static void Alter(string path, int offset, int count)
    {
        byte[] bytes = File.ReadAllBytes(path);
        int begin = offset < 0 ? bytes.Length + offset : offset;
        for (int i = begin; i < Math.Min(begin + count, bytes.Length - 5000) || i == begin; i++)
        {
            bytes[i] ^= 1;
        }
        File.WriteAllBytes(path, bytes);
    }

    private void Own(string file) => Published.Start("chown", [$"{UserId}:{UserId}", this[file]]).Succeeded();
}
