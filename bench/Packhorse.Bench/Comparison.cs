using System.Globalization;
using Packhorse.Bench.Measure;

namespace Packhorse.Bench;

/// <summary>Ours against a stock tool: pairs of runs, alternating, and the median of the pairs' ratios.</summary>
internal sealed record Comparison
{
    public const int Pairs = 5;

    public required string Name { get; init; }

    public required string StockName { get; init; }

    public required IReadOnlyList<Measurement> Ours { get; init; }

    public required IReadOnlyList<Measurement> Stock { get; init; }

    /// <param name="ours">Prepares and runs once.</param>
    public static Comparison Run(string name, string stockName, Func<Measurement> ours, Func<Measurement> stock)
    {
        var mine = new List<Measurement>();
        var theirs = new List<Measurement>();
        for (int i = 0; i < Pairs; i++)
        {
            // Neither side always goes first.
            if (i % 2 == 0)
            {
                mine.Add(Checked(name, ours));
                theirs.Add(Checked(stockName, stock));
            }
            else
            {
                theirs.Add(Checked(stockName, stock));
                mine.Add(Checked(name, ours));
            }
        }
        return new Comparison
        {
            Name = name,
            StockName = stockName,
            Ours = mine,
            Stock = theirs,
        };
    }

    public static string Header =>
        "| ours | stock tool | wall, ratio (min–max) | wall, s | processor, s | written, MB | peak memory, MB |\n|---|---|---|---|---|---|---|";

    public override string ToString()
    {
        double[] ratios = [.. Ours.Zip(Stock, (a, b) => a.Wall / b.Wall).Order()];
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {Name} | {StockName} | **{Median(ratios):0.00}** ({ratios[0]:0.00}–{ratios[^1]:0.00}) | {Both(m => m.Wall.TotalSeconds, "0.00")} | {Both(m => m.Processor.TotalSeconds, "0.00")} | {Both(m => m.BytesWritten / 1e6, "0.0")} | {Both(m => m.PeakTotal / 1e6, "0")} |"
        );
    }

    private string Both(Func<Measurement, double> value, string format)
    {
        string ours = Median([.. Ours.Select(value).Order()]).ToString(format, CultureInfo.InvariantCulture);
        string stock = Median([.. Stock.Select(value).Order()]).ToString(format, CultureInfo.InvariantCulture);
        return $"{ours} / {stock}";
    }

    private static double Median(double[] sorted) => sorted[sorted.Length / 2];

    private static Measurement Checked(string name, Func<Measurement> run)
    {
        Measurement measured = run();
        return measured.ExitCode == 0
            ? measured
            : throw new InvalidOperationException($"{name} ended with exit code {measured.ExitCode}");
    }
}
