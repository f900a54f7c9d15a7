using System.Globalization;
using Packhorse.Fuzz;

// Packhorse.Fuzz replay                                   every kept input ends as its name says
// Packhorse.Fuzz run [--seconds N] [--seed N] [TARGET…]   changed inputs, for that long a target
// Packhorse.Fuzz keep [--seconds N] [--seed N] [TARGET…]  makes the corpora anew: the smallest input for each place that refuses one

const int DefaultSeconds = 30;
int seconds = Option("--seconds") ?? DefaultSeconds;
int seed = Option("--seed") ?? (Environment.TickCount & int.MaxValue);
try
{
    switch (args)
    {
        case ["replay"]:
            return Replay();
        case ["run", ..]:
            return RunAll();
        case ["keep", ..]:
            return Keep();
    }
}
catch (DefectException defect)
{
    string path = Path.Combine(Path.GetTempPath(), $"packhorse-defect-{Environment.ProcessId}");
    File.WriteAllBytes(path, defect.Input);
    Console.Error.WriteLine($"defect: {defect.Message}\nthe input is kept in {path}\n{defect.InnerException}");
    return 1;
}
Console.Error.WriteLine(
    "usage: Packhorse.Fuzz replay | run [--seconds N] [--seed N] [TARGET...] | keep [--seconds N] [--seed N] [TARGET...]"
);
return 2;

int? Option(string name)
{
    int at = Array.IndexOf(args, name);
    return at >= 0 && at + 1 < args.Length ? int.Parse(args[at + 1], CultureInfo.InvariantCulture) : null;
}

FuzzTarget[] Targets()
{
    FuzzTarget[] named = [.. FuzzTargets.All.Where(target => args.Contains(target.Name))];
    return named.Length > 0 ? named : [.. FuzzTargets.All];
}

int Replay()
{
    int tried = 0;
    foreach (FuzzTarget target in FuzzTargets.All)
    {
        foreach (KeptInput kept in Corpora.Of(target))
        {
            FuzzOutcome outcome = FuzzCampaign.Try(target, kept.Content, kept.Path);
            if (outcome.Name != kept.Expected)
            {
                Console.Error.WriteLine($"{kept.Path}: {outcome.Name}");
                return 1;
            }
            tried++;
        }
    }
    Console.WriteLine($"{tried} kept inputs end as they must");
    return 0;
}

int RunAll()
{
    foreach (FuzzTarget target in Targets())
    {
        var campaign = new FuzzCampaign(target, [.. Corpora.Of(target).Select(kept => kept.Content)], seed);
        // Before the run: a process that dies says nothing after it.
        Console.Write($"{target.Name}, seed {seed}: ");
        campaign.Run(TimeSpan.FromSeconds(seconds));
        string outcomes = string.Join(", ", campaign.Outcomes.Select(pair => $"{pair.Key} {pair.Value}"));
        Console.WriteLine($"{campaign.Tried} inputs in {seconds} s: {outcomes}");
    }
    return 0;
}

int Keep()
{
    using var valid = new ValidInputs();
    foreach (FuzzTarget target in Targets())
    {
        byte[][] seeds = [.. valid.Of(target)];
        var smallest = new Dictionary<FuzzOutcome, byte[]>();
        void See(byte[] input, FuzzOutcome outcome)
        {
            bool isNew = !smallest.TryGetValue(outcome, out byte[]? known);
            if (outcome.Name != FuzzOutcome.Accepted && (isNew || input.Length < known!.Length))
            {
                smallest[outcome] = input;
            }
        }
        byte[][] begin = [.. seeds, .. ValidInputs.Remarkable(target)];
        foreach (byte[] input in begin)
        {
            See(input, FuzzCampaign.Try(target, input, "valid"));
        }
        var campaign = new FuzzCampaign(target, begin, seed) { Seen = See };
        campaign.Run(TimeSpan.FromSeconds(seconds));
        Corpora.Replace(
            target,
            [
                .. seeds.Select(input => (input, new FuzzOutcome(FuzzOutcome.Accepted, ""))),
                .. smallest.Select(pair => (pair.Value, pair.Key)),
            ]
        );
        Console.WriteLine($"{target.Name}, seed {seed}: {smallest.Count} kept out of {campaign.Tried}");
    }
    return 0;
}
