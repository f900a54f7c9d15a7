using Packhorse.Fetch;
using Packhorse.Model;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Fetch;

/// <summary>Bytes that are not the right ones.</summary>
public sealed class VerificationTests : IAsyncLifetime
{
    private static readonly byte[] Body = FetchBench.RandomBytes(1000);
    private static readonly byte[] Lie = FetchBench.RandomBytes(1000, seed: 2);
    private static readonly ExpectedContent Expected = FetchBench.Expect(Body);

    private readonly FetchBench _bench = new();
    private readonly MemoryTarget _target = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task Wrong_bytes_are_asked_for_once_more_and_then_refused()
    {
        FlakyResource resource = _bench.Server.ServeAlways("file", Body, new() { Body = Lie });
        var error = await _bench.FailAsync<CorruptDataException>(ErrorCodes.DigestMismatch, "file", Expected);
        Assert.Equal([0, 0], resource.Requests.Select(request => request.From));
        Assert.Contains(_bench.Server.Authority, error.Message);
        Assert.Contains($"expected 1,000 bytes, sha256 {Expected.Sha256}", error.Message);
        Assert.Contains($"got 1,000 bytes, sha256 {FetchBench.Expect(Lie).Sha256}", error.Message);
        Assert.Equal(["WrongBytes x 2"], _bench.Incidents());
        Assert.Equal(0, _bench.Reporter.Bytes);
    }

    [Fact]
    public async Task Bytes_damaged_once_are_right_the_second_time()
    {
        _bench.Server.Serve("file", Body, new FlakyAnswer { Body = Lie });
        await _bench.FetchAsync("file", Expected, _target);
        Assert.Equal(Body, _target.Bytes);
        Assert.Equal(1, _target.Restarts);
        Assert.Equal(Body.Length, _bench.Reporter.Bytes);
    }

    [Fact]
    public async Task Md5_is_compared_where_there_is_nothing_better()
    {
        Md5Digest md5 = FetchBench.Md5(Body);
        _bench.Server.ServeAlways("good", Body, new());
        _bench.Server.ServeAlways("bad", Lie, new());
        FetchedContent content = await _bench.FetchAsync("good", new ExpectedContent(null, null, md5), _target);
        Assert.Equal(Expected.Sha256, content.Sha256);
        var error = await _bench.FailAsync<CorruptDataException>(
            ErrorCodes.DigestMismatch,
            "bad",
            new ExpectedContent(null, null, md5)
        );
        Assert.Contains($"expected md5 {md5}; got 1,000 bytes, md5 {FetchBench.Md5(Lie)}", error.Message);
    }

    [Fact]
    public async Task Md5_does_not_matter_beside_sha256()
    {
        _bench.Server.Serve("file", Body);
        await _bench.FetchAsync("file", Expected with { Md5 = FetchBench.Md5(Lie) }, _target);
        Assert.Equal(Body, _target.Bytes);
    }

    [Theory]
    [InlineData(999, FlakyLength.Declared)]
    [InlineData(1001, FlakyLength.Declared)]
    public async Task A_file_declared_with_another_size_is_refused_unread(int size, FlakyLength length)
    {
        FlakyAnswer wrong = new() { Body = FetchBench.RandomBytes(size), Length = length };
        FlakyResource resource = _bench.Server.ServeAlways("file", Body, wrong);
        var error = await _bench.FailAsync<CorruptDataException>(ErrorCodes.SizeMismatch, "file", Expected);
        Assert.Contains($"it has a file of {size:N0} bytes, expected 1,000 bytes", error.Message);
        Assert.Equal(2, resource.Requests.Count);
        Assert.Equal(0, _bench.Reporter.Bytes);
    }

    [Theory]
    [InlineData(FlakyLength.Chunked)]
    [InlineData(FlakyLength.UntilClose)]
    public async Task A_file_that_turns_out_longer_is_refused_where_it_should_end(FlakyLength length)
    {
        byte[] endless = [.. Body, .. FetchBench.RandomBytes(50 << 20, seed: 3)];
        FlakyResource resource = _bench.Server.ServeAlways("file", endless, new() { Length = length });
        await _bench.FailAsync<CorruptDataException>(ErrorCodes.SizeMismatch, "file", Expected);
        Assert.InRange(resource.BytesSent, 0, 50 << 20);
    }

    [Theory]
    [InlineData(FlakyLength.Chunked)]
    [InlineData(FlakyLength.UntilClose)]
    public async Task A_file_that_turns_out_shorter_is_refused(FlakyLength length)
    {
        FlakyAnswer wrong = new() { Body = Body[..900], Length = length };
        FlakyResource resource = _bench.Server.ServeAlways("file", Body, wrong);
        await _bench.FailAsync<CorruptDataException>(ErrorCodes.SizeMismatch, "file", Expected);
        Assert.InRange(resource.Requests.Count, 2, 6);
    }

    [Fact]
    public async Task Without_a_digest_the_size_is_compared()
    {
        _bench.Server.ServeAlways("file", Body, new() { Length = FlakyLength.Chunked });
        await _bench.FetchAsync("file", new ExpectedContent(1000, null, null), _target);
        await _bench.FailAsync<CorruptDataException>(
            ErrorCodes.SizeMismatch,
            "file",
            new ExpectedContent(999, null, null)
        );
    }

    [Fact]
    public async Task Stored_bytes_are_never_decompressed()
    {
        FlakyResource resource = _bench.Server.ServeAlways(
            "file",
            Body,
            new() { Headers = ["Content-Encoding: gzip"] }
        );
        await _bench.FetchAsync("file", Expected, _target);
        Assert.Equal(Body, _target.Bytes);
        FlakyRequest request = Assert.Single(resource.Requests);
        Assert.Equal("identity", request["Accept-Encoding"]);
        Assert.Equal("packhorse/0.0", request["User-Agent"]);
    }
}
