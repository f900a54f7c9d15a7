using System.Diagnostics;
using Packhorse.Model;

namespace Packhorse.Fuzz;

/// <summary>What became of one input.</summary>
/// <param name="Name"><see cref="Accepted"/>, or the code of the error.</param>
/// <param name="Site">Where it was refused: the first line of the stack; empty when it was accepted.</param>
internal readonly record struct FuzzOutcome(string Name, string Site)
{
    public const string Accepted = "accepted";
}

/// <summary>An input that a parser did not answer as it should.</summary>
internal sealed class DefectException(string message, byte[] input, Exception? inner = null) : Exception(message, inner)
{
    public byte[] Input { get; } = input;
}

/// <summary>
/// Changes kept inputs at random and gives them to a parser. The same seed makes the same inputs: input N is made from seed + N.
/// </summary>
internal sealed class FuzzCampaign(FuzzTarget target, IReadOnlyList<byte[]> inputs, int seed)
{
    // Far above what any input takes, far below a hang.
    private static readonly TimeSpan Slowest = TimeSpan.FromSeconds(20);

    /// <summary>How often each outcome came.</summary>
    public SortedDictionary<string, int> Outcomes { get; } = new(StringComparer.Ordinal);

    public int Tried { get; private set; }

    /// <summary>Called with every input after it was tried.</summary>
    public Action<byte[], FuzzOutcome>? Seen { get; init; }

    /// <exception cref="DefectException">Something other than a documented error came out.</exception>
    public void Run(Func<int, bool> goesOn)
    {
        for (int round = 0; goesOn(round); round++)
        {
            byte[] input = Make(round);
            FuzzOutcome outcome = Try(target, input, $"seed {seed + round}");
            Outcomes[outcome.Name] = Outcomes.GetValueOrDefault(outcome.Name) + 1;
            Tried++;
            Seen?.Invoke(input, outcome);
        }
    }

    public void Run(TimeSpan time)
    {
        long start = Stopwatch.GetTimestamp();
        Run(_ => Stopwatch.GetElapsedTime(start) < time);
    }

    /// <summary>One input given to a parser.</summary>
    /// <exception cref="DefectException">Something other than a documented error came out.</exception>
    public static FuzzOutcome Try(FuzzTarget target, byte[] input, string what)
    {
        long start = Stopwatch.GetTimestamp();
        FuzzOutcome outcome;
        try
        {
            target.Parse(input);
            outcome = new FuzzOutcome(FuzzOutcome.Accepted, "");
        }
        catch (PackhorseException refused)
        {
            outcome = new FuzzOutcome(refused.Code, SiteOf(refused));
        }
        catch (Exception error)
        {
            throw new DefectException($"{target.Name}, {what}: {error.GetType().Name}: {error.Message}", input, error);
        }
        TimeSpan taken = Stopwatch.GetElapsedTime(start);
        return taken < Slowest ? outcome : throw new DefectException($"{target.Name}, {what}: took {taken}", input);
    }

    private byte[] Make(int round)
    {
        var mutator = new Mutator(seed + round);
        byte[] source = inputs[round % inputs.Count];
        if (target.IsJson && round % 3 > 0)
        {
            return mutator.ChangeJson(source);
        }
        byte[] changed = mutator.Change(source);
        return target.Repair is { } repair && round % 2 > 0 ? repair(changed) : changed;
    }

    private static string SiteOf(Exception error)
    {
        string stack = error.StackTrace ?? "";
        int end = stack.IndexOf('\n', StringComparison.Ordinal);
        return (end < 0 ? stack : stack[..end]).Trim();
    }
}
