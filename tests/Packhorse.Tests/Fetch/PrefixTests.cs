using Packhorse.Model;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Fetch;

/// <summary>Downloads that go on from what an earlier run has left.</summary>
public sealed class PrefixTests : IAsyncLifetime
{
    private static readonly byte[] Body = FetchBench.RandomBytes(3_000_000);

    private readonly FetchBench _bench = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task Only_what_follows_the_prefix_is_asked_for()
    {
        FlakyResource resource = _bench.Server.Serve("file", Body);
        MemoryTarget target = await FetchAfterAsync(Body[..2_500_000], FetchBench.Expect(Body));
        Assert.Equal(Body, target.Bytes);
        Assert.Equal(2_500_000, Assert.Single(resource.Requests).From);
        Assert.Equal(500_000, resource.BytesSent);
        Assert.Equal(Body.Length, _bench.Reporter.Bytes);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_whole_prefix_needs_no_request(bool sizeIsKnown)
    {
        FlakyResource resource = _bench.Server.Serve("file", Body);
        ExpectedContent expected = FetchBench.Expect(Body);
        MemoryTarget target = await FetchAfterAsync(Body, sizeIsKnown ? expected : expected with { Size = null });
        Assert.Equal(Body, target.Bytes);
        Assert.Equal(Body.Length, target.Total);
        Assert.Empty(resource.Requests);
    }

    [Theory]
    [InlineData(1_000_000)]
    [InlineData(3_000_000)]
    [InlineData(3_000_001)]
    public async Task A_wrong_prefix_is_replaced_and_not_the_server_s_fault(int length)
    {
        FlakyResource resource = _bench.Server.Serve("file", Body);
        byte[] wrong = FetchBench.RandomBytes(length, seed: 9);
        MemoryTarget target = await FetchAfterAsync(wrong, FetchBench.Expect(Body));
        Assert.Equal(Body, target.Bytes);
        Assert.Equal(0, resource.Requests[^1].From);
        Assert.Equal(1, target.Restarts);
        Assert.Equal(Body.Length, _bench.Reporter.Bytes);
    }

    [Fact]
    public async Task A_prefix_longer_than_the_server_s_file_is_replaced()
    {
        _bench.Server.Serve("file", Body);
        byte[] wrong = FetchBench.RandomBytes(4_000_000, seed: 9);
        MemoryTarget target = await FetchAfterAsync(wrong, FetchBench.Expect(Body) with { Size = null });
        Assert.Equal(Body, target.Bytes);
    }

    [Fact]
    public async Task Without_a_digest_no_prefix_is_trusted()
    {
        FlakyResource resource = _bench.Server.Serve("file", Body);
        MemoryTarget target = await FetchAfterAsync(Body[..1000], new ExpectedContent(Body.Length, null, null));
        Assert.Equal(Body, target.Bytes);
        Assert.Equal(0, Assert.Single(resource.Requests).From);
        Assert.Equal(Body.Length, _bench.Reporter.Bytes);
    }

    private async Task<MemoryTarget> FetchAfterAsync(byte[] prefix, ExpectedContent expected)
    {
        var target = new MemoryTarget(prefix);
        using var stream = new MemoryStream(prefix);
        await _bench.FetchAsync("file", expected, target, stream);
        return target;
    }
}
