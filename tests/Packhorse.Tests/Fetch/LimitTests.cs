using Packhorse.Fetch;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Fetch;

/// <summary>How many downloads run at once.</summary>
public sealed class LimitTests : IAsyncLifetime
{
    private static readonly byte[] Body = FetchBench.RandomBytes(1000);

    private readonly FetchBench _bench = new();
    private readonly FlakyServer _second = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _bench.DisposeAsync();
        await _second.DisposeAsync();
    }

    [Theory]
    [InlineData(50, 3, 3)]
    [InlineData(2, 8, 2)]
    public async Task No_more_run_at_once_than_allowed(int total, int perHost, int expected)
    {
        _bench.Options = _bench.Options with { Downloads = total, DownloadsPerHost = perHost };
        var gate = new TaskCompletionSource();
        FlakyResource resource = _bench.Server.ServeAlways("file", Body, new() { Gate = gate.Task });
        Task all = Task.WhenAll(Enumerable.Range(0, 9).Select(_ => FetchAsync(_bench.Server)));
        while (resource.Requests.Count < expected)
        {
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
        await Task.Delay(100, TestContext.Current.CancellationToken);
        Assert.Equal(expected, resource.Requests.Count);
        gate.SetResult();
        await all;
        Assert.Equal(9, resource.Requests.Count);
    }

    [Fact]
    public async Task A_crowded_host_does_not_keep_others_waiting()
    {
        _bench.Options = _bench.Options with { Downloads = 2, DownloadsPerHost = 1 };
        _bench.Server.ServeAlways("file", Body, new() { StallAfter = 10 });
        _second.Serve("file", Body);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Task[] stalled = [.. Enumerable.Range(0, 5).Select(_ => FetchAsync(_bench.Server, stop.Token))];
        await FetchAsync(_second);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(stalled));
    }

    [Fact]
    public async Task A_download_that_waits_for_its_retry_lets_others_pass()
    {
        _bench.Options = _bench.Options with
        {
            Downloads = 1,
            RetryDelay = TimeSpan.FromHours(1),
            LongestRetryDelay = TimeSpan.FromHours(1),
        };
        FlakyResource busy = _bench.Server.ServeAlways("file", Body, new() { Status = 503 });
        _second.Serve("file", Body);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Task waiting = FetchAsync(_bench.Server, stop.Token);
        while (busy.Requests.Count == 0)
        {
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
        await FetchAsync(_second);
        Assert.False(waiting.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    private Task<FetchedContent> FetchAsync(FlakyServer server, CancellationToken? cancellation = null)
    {
        var request = new FetchRequest
        {
            Url = server.Url("file"),
            Name = "file",
            Expected = FetchBench.Expect(Body),
        };
        return _bench.Fetcher.FetchAsync(
            request,
            new MemoryTarget(),
            cancellation ?? TestContext.Current.CancellationToken
        );
    }
}
