using Packhorse.TestChannel;

namespace Packhorse.Tests.BadInput;

/// <summary>
/// Valid inputs changed at random: whatever comes of it, only documented exceptions leave a parser. What <c>Packhorse.Fuzz</c> does
/// for long, with its kept inputs, here for a fixed number of changes.
/// </summary>
public sealed class MutationTests(ITestOutputHelper log)
{
    private const int Rounds = 400;

    public static TheoryData<string> Targets => [.. FuzzTargets.All.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Only_documented_exceptions_leave(string name)
    {
        FuzzTarget target = FuzzTargets.Find(name);
        using var valid = new ValidInputs();
        var campaign = new FuzzCampaign(target, [.. valid.Of(target), .. ValidInputs.Remarkable(target)], seed: 1);
        campaign.Run(round => round < Rounds);
        log.WriteLine($"{name}: {string.Join(", ", campaign.Outcomes)}");
        // Changes that are all refused at the first byte would test little; bzip2 has checksums, and is changed inside below.
        Assert.True(campaign.Outcomes.Count > 1 || name == "tar-bz2");
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Kept_inputs_end_as_their_names_say(string name)
    {
        FuzzTarget target = FuzzTargets.Find(name);
        IReadOnlyList<KeptInput> kept = Corpora.Of(target);
        Assert.NotEmpty(kept);
        Assert.All(
            kept,
            input => Assert.Equal(input.Expected, FuzzCampaign.Try(target, input.Content, input.Path).Name)
        );
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void The_unchanged_inputs_are_accepted(string name)
    {
        FuzzTarget target = FuzzTargets.Find(name);
        using var valid = new ValidInputs();
        Assert.All(valid.Of(target), input => target.Parse(input));
    }

    [Theory]
    [InlineData("conda")]
    [InlineData("tar-bz2")]
    public void What_is_changed_inside_an_archive_is_as_harmless(string name)
    {
        FuzzTarget target = FuzzTargets.Find(name);
        byte[] tar = ValidInputs.TarOf(Small.Tool());
        var outcomes = new SortedDictionary<string, int>(StringComparer.Ordinal);
        for (int seed = 0; seed < Rounds; seed++)
        {
            // Through the compression and past the checksums of headers, to what is behind them.
            byte[] changed = Repairs.TarChecksums(new Mutator(seed).Change(tar));
            byte[] input =
                name == "conda" ? Bombs.Conda(Bombs.Zstd(changed), new ZipMemberOptions()) : Bombs.BZip2(changed);
            string outcome = FuzzCampaign.Try(target, input, $"seed {seed}").Name;
            outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
        }
        log.WriteLine($"inside {name}: {string.Join(", ", outcomes)}");
        Assert.True(outcomes.Count > 1);
    }

    [Fact]
    public void A_defect_is_told_with_its_input()
    {
        var broken = new FuzzTarget("broken", input => _ = input.Span[3]);
        DefectException defect = Assert.Throws<DefectException>(() => FuzzCampaign.Try(broken, [1, 2, 3], "seed 7"));
        Assert.Contains("seed 7: IndexOutOfRangeException", defect.Message, StringComparison.Ordinal);
        Assert.Equal([1, 2, 3], defect.Input);
    }
}
