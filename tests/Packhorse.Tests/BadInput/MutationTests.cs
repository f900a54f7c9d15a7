using System.Text;
using Packhorse.Codecs;
using Packhorse.Model;
using Packhorse.TestChannel;

namespace Packhorse.Tests.BadInput;

/// <summary>
/// Valid inputs changed at random: whatever comes of it, only documented exceptions leave a parser. PACKHORSE_FULL=1 goes on for a
/// minute a target from a seed of its own.
/// </summary>
public sealed class MutationTests(ITestOutputHelper log)
{
    private const int Rounds = 400;

    private static readonly TimeSpan FullTime = TimeSpan.FromMinutes(1);

    // One call; far above what any takes, far below a hang.
    private static readonly TimeSpan Slowest = TimeSpan.FromSeconds(20);

    public static TheoryData<string> Targets => [.. FuzzTargets.All.Keys];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Only_documented_exceptions_leave(string target)
    {
        bool full = Environment.GetEnvironmentVariable("PACKHORSE_FULL") == "1";
        int seed = full ? Environment.TickCount : 1;
        byte[][] corpus = [.. Corpus.For(target)];
        var outcomes = new SortedDictionary<string, int>(StringComparer.Ordinal);
        long start = TimeProvider.System.GetTimestamp();
        bool Goes(int round) => full ? TimeProvider.System.GetElapsedTime(start) < FullTime : round < Rounds;
        for (int round = 0; Goes(round); round++)
        {
            var mutator = new Mutator(seed + round);
            byte[] source = corpus[round % corpus.Length];
            byte[] input = Corpus.IsJson(target) && round % 3 > 0 ? mutator.ChangeJson(source) : mutator.Change(source);
            string outcome = Try(target, input, seed + round);
            outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
        }
        log.WriteLine($"{target}, seed {seed}: {string.Join(", ", outcomes)}");
        // Mutations that are all refused at the first byte would test little; bzip2 has checksums, and is changed inside below.
        Assert.True(outcomes.Count > 1 || target == "tar-bz2");
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void The_unchanged_inputs_are_accepted(string target) =>
        Assert.All(Corpus.Valid(target), input => FuzzTargets.All[target](input));

    [Theory]
    [InlineData("conda")]
    [InlineData("tar-bz2")]
    public void What_is_changed_inside_an_archive_is_as_harmless(string target)
    {
        byte[] tar = Corpus.PackageTar();
        var outcomes = new SortedDictionary<string, int>(StringComparer.Ordinal);
        for (int seed = 0; seed < Rounds; seed++)
        {
            // Through the compression and past the checksums of headers, to what is behind them.
            byte[] changed = Corpus.WithChecksums(new Mutator(seed).Change(tar));
            byte[] input =
                target == "conda" ? Bombs.Conda(Bombs.Zstd(changed), new ZipMemberOptions()) : Bombs.BZip2(changed);
            string outcome = Try(target, input, seed);
            outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
        }
        log.WriteLine($"inside {target}: {string.Join(", ", outcomes)}");
        Assert.True(outcomes.Count > 1);
    }

    private static string Try(string target, byte[] input, int seed)
    {
        long start = TimeProvider.System.GetTimestamp();
        string outcome;
        try
        {
            FuzzTargets.All[target](input);
            outcome = "accepted";
        }
        catch (PackhorseException refused)
        {
            outcome = refused.Code;
        }
        catch (Exception error)
        {
            throw new InvalidOperationException(
                $"{target}, seed {seed}: {Convert.ToBase64String(input.AsSpan(0, Math.Min(input.Length, 20_000)))}",
                error
            );
        }
        TimeSpan taken = TimeProvider.System.GetElapsedTime(start);
        return taken < Slowest ? outcome : throw new InvalidOperationException($"{target}, seed {seed}: took {taken}");
    }
}

/// <summary>Inputs to begin with, made here rather than kept as files.</summary>
internal static class Corpus
{
    public static bool IsJson(string target) => target.EndsWith(".json", StringComparison.Ordinal);

    /// <summary>What is accepted.</summary>
    public static IEnumerable<byte[]> Valid(string target)
    {
        using var sandbox = new Sandbox();
        byte[] pack = sandbox.Pack(Small.Tool(), Small.Python(), Small.Module());
        PackTar tar = PackTar.Read(pack);
        byte[] Info(PackageBuilder package, string name) => PackTar.Read(InfoTar(package))[name];
        return target switch
        {
            "pack-tar" => [pack],
            "conda" => Kinds.Select(quirks => Small.Tool().Quirks(quirks).ToConda()),
            "tar-bz2" => [Small.Tool().ToTarBz2(), Small.Tool().Quirks(Kinds[1]).ToTarBz2()],
            "pixi-pack.json" => [tar["pixi-pack.json"], tar.WithoutDigests()["pixi-pack.json"]],
            "repodata.json" => [tar["channel/linux-64/repodata.json"], tar["channel/noarch/repodata.json"]],
            "index.json" => [Info(Small.Tool(), "info/index.json"), Info(Small.Module(), "info/index.json")],
            "paths.json" => [Info(Small.Tool(), "info/paths.json")],
            "link.json" => [Info(Small.Module(), "info/link.json")],
            "pixi.lock" => [File.ReadAllBytes(Path.Combine(sandbox.Lock(), "pixi.lock"))],
            _ => throw new ArgumentOutOfRangeException(nameof(target)),
        };
    }

    /// <summary>What is accepted, and what once was a reason to look closer.</summary>
    public static IEnumerable<byte[]> For(string target) =>
        [
            .. Valid(target),
            .. target switch
            {
                "conda" => [Bombs.LargeWindow()],
                "pack-tar" => [TarHeader.ForFile("pixi-pack.json", 1L << 60), new byte[1024]],
                "repodata.json" => (byte[][])
                    [
                        [.. """{"packages": {"\ud800-1-0.conda": {}}}"""u8],
                    ],
                _ => [],
            },
        ];

    /// <summary>A package as one tar.</summary>
    public static byte[] PackageTar() => InfoTar(Small.Tool());

    /// <summary>With the checksums of all headers made right again, as far as there are headers.</summary>
    public static byte[] WithChecksums(byte[] tar)
    {
        for (int at = 0; at + TarReader.BlockBytes <= tar.Length; at += TarReader.BlockBytes)
        {
            Span<byte> header = tar.AsSpan(at, TarReader.BlockBytes);
            if (header[257..].StartsWith("ustar"u8))
            {
                header.Slice(148, 8).Fill((byte)' ');
                int sum = 0;
                foreach (byte value in header)
                {
                    sum += value;
                }
                Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(7, '0') + "\0").CopyTo(header[148..]);
            }
        }
        return tar;
    }

    private static ArchiveQuirks[] Kinds { get; } =
    [
        new(),
        new() { OmitPathsJson = true, TarFormat = TarFormat.Gnu },
        new()
        {
            InfoBeforePkg = true,
            Zip = new ZipMemberOptions { Deflate = true, DataDescriptor = true },
        },
        new()
        {
            Zip = new ZipMemberOptions { Zip64 = true },
            Zstd = new ZstdOptions { Checksum = true, FrameSize = 1000 },
        },
    ];

    private static byte[] InfoTar(PackageBuilder package)
    {
        using var compressed = new MemoryStream(package.ToTarBz2());
        using var decoder = new Bzip2Stream(compressed, "package");
        using var tar = new MemoryStream();
        decoder.CopyTo(tar);
        return tar.ToArray();
    }
}
