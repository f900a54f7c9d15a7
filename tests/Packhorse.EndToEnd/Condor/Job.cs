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
        Outcome wait = Run("condor_wait", "-wait", "60", "job.log");
        Assert.True(wait.ExitCode == 0, Text("job.log"));
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

    /// <param name="offset">Of the byte that is changed; negative: from the end.</param>
    public void Damage(string file, int offset)
    {
        byte[] bytes = File.ReadAllBytes(this[file]);
        bytes[offset < 0 ? bytes.Length + offset : offset] ^= 1;
        File.WriteAllBytes(this[file], bytes);
    }

    private void Own(string file) => Published.Start("chown", [$"{UserId}:{UserId}", this[file]]).Succeeded();
}
