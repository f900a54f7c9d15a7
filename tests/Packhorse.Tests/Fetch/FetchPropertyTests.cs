using CsCheck;
using Packhorse.Model;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Fetch;

public sealed class FetchPropertyTests
{
    private const string Name = "file.conda";
    private static readonly byte[] Body = FetchBench.RandomBytes(5000);
    private static readonly byte[] Lie = FetchBench.RandomBytes(5000, seed: 2);

    private static readonly string?[] ETags = [null, "\"one\"", "\"two\"", "W/\"one\""];

    private static readonly Gen<FlakyAnswer> Answers =
        from status in Gen.Frequency((8, Gen.Const(200)), (1, Gen.Const(500)), (1, Gen.Const(429)), (1, Gen.Const(404)))
        from lies in Gen.Frequency((5, Gen.Const(false)), (1, Gen.Const(true)))
        from cut in Gen.Int[0, 7000]
        from ranges in Gen.Enum<FlakyRanges>()
        from length in Gen.Enum<FlakyLength>()
        from etag in Gen.Int[0, 3].Select(i => ETags[i])
        from flags in Gen.Select(Gen.Bool, Gen.Bool)
        select new FlakyAnswer
        {
            Status = status,
            Body = lies ? Lie : null,
            CutAfter = cut < 5000 ? cut : null,
            Ranges = ranges,
            Length = length,
            ETag = etag,
            IgnoresIfRange = flags.Item1,
            Reset = flags.Item2,
        };

    [Fact]
    public async Task Whatever_two_servers_do_the_bytes_are_right_or_the_download_fails()
    {
        int succeeded = 0;
        int failed = 0;
        await Gen.Select(Answers.Array[0, 5], Answers.Array[0, 5], Gen.Bool, Gen.Int[0, 5000])
            .SampleAsync(
                async (first, second, knowsSize, prefixLength) =>
                {
                    if (await IsFetchedAsync(first, second, knowsSize, prefixLength))
                    {
                        Interlocked.Increment(ref succeeded);
                    }
                    else
                    {
                        Interlocked.Increment(ref failed);
                    }
                },
                iter: 200
            );
        // Both servers mend in the end: only two that lie twice, or lack the file, are beyond help.
        Assert.True(succeeded > 4 * failed, $"{succeeded} succeeded, {failed} failed");
    }

    [Fact]
    public async Task Without_a_digest_the_bytes_are_those_of_one_version_of_the_file()
    {
        Gen<FlakyAnswer> versions =
            from answer in Answers
            from isSecond in Gen.Bool
            from tag in Gen.Int[0, 2]
            select answer with
            {
                Status = 200,
                Body = isSecond ? Lie : Body,
                Length = answer.Length == FlakyLength.UntilClose ? FlakyLength.Declared : answer.Length,
                ETag = tag == 0 ? null : $"{(tag == 1 ? "W/" : "")}\"{isSecond}\"",
            };
        await versions
            .Array[0, 6]
            .SampleAsync(
                async answers =>
                {
                    await using var bench = new FetchBench();
                    bench.Options = bench.Options with { Retries = 20 };
                    bench.Server.Serve(Name, Body, answers);
                    var target = new MemoryTarget();
                    await bench.FetchAsync(Name, default, target);
                    Assert.Contains(target.Bytes, (byte[][])[Body, Lie]);
                    Assert.Equal(Body.Length, bench.Reporter.Bytes);
                },
                iter: 150
            );
    }

    private static async Task<bool> IsFetchedAsync(
        FlakyAnswer[] first,
        FlakyAnswer[] second,
        bool knowsSize,
        int prefixLength
    )
    {
        await using var bench = new FetchBench();
        await using var other = new FlakyServer();
        bench.Options = bench.Options with { Retries = 20 };
        bench.Mirrors = FetchBench.MirroredBy(FetchBench.SecretPrefix(bench.Server), FetchBench.SecretPrefix(other));
        bench.Server.Serve(Name, Body, first);
        other.Serve(Name, Body, second);
        var target = new MemoryTarget(Body[..prefixLength]);
        using var prefix = new MemoryStream(Body, 0, prefixLength);
        ExpectedContent expected = FetchBench.Expect(Body) with { Size = knowsSize ? Body.Length : null };
        try
        {
            await bench.FetchUrlAsync(FetchBench.MirroredUrl, expected, target, prefix);
        }
        catch (PackhorseException error) when (error is CorruptDataException or NotFoundException)
        {
            return false;
        }
        Assert.Equal(Body, target.Bytes);
        Assert.Equal(Body.Length, bench.Reporter.Bytes);
        return true;
    }
}
