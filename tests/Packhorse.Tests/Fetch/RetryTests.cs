using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Packhorse.Fetch;
using Packhorse.Model;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Fetch;

/// <summary>What is tried again, when, and what is not.</summary>
public sealed class RetryTests : IAsyncLifetime
{
    private static readonly byte[] Body = FetchBench.RandomBytes(1000);
    private static readonly ExpectedContent Expected = FetchBench.Expect(Body);

    private readonly FetchBench _bench = new();
    private readonly MemoryTarget _target = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Theory]
    [InlineData(408, FetchIncidentKind.Busy)]
    [InlineData(425, FetchIncidentKind.Busy)]
    [InlineData(429, FetchIncidentKind.Busy)]
    [InlineData(500, FetchIncidentKind.ServerError)]
    [InlineData(502, FetchIncidentKind.ServerError)]
    [InlineData(503, FetchIncidentKind.ServerError)]
    [InlineData(504, FetchIncidentKind.ServerError)]
    public async Task Passing_troubles_are_tried_again(int status, FetchIncidentKind kind)
    {
        FlakyAnswer trouble = new() { Status = status };
        FlakyResource resource = _bench.Server.Serve("file", Body, trouble, trouble);
        await _bench.FetchAsync("file", Expected, _target);
        Assert.Equal(Body, _target.Bytes);
        Assert.Equal(3, resource.Requests.Count);
        Assert.Equal([new FetchIncident(_bench.Server.Authority, kind, 2)], _bench.Fetcher.Report.Incidents);
    }

    [Fact]
    public async Task Lasting_trouble_is_reported_as_transient()
    {
        FlakyResource resource = _bench.Server.ServeAlways("file", Body, new() { Status = 503 });
        var error = await _bench.FailAsync<TransientException>(ErrorCodes.DownloadFailed, "file", Expected);
        Assert.Contains("it answered 503 (4 attempts in a row brought nothing new)", error.Message);
        Assert.Equal(4, resource.Requests.Count);
        Assert.NotNull(error.Hint);
    }

    [Theory]
    [InlineData(404)]
    [InlineData(410)]
    public async Task What_is_not_there_is_asked_for_once(int status)
    {
        FlakyResource resource = _bench.Server.ServeAlways("file", Body, new() { Status = status });
        var error = await _bench.FailAsync<NotFoundException>(ErrorCodes.UrlNotFound, "file", Expected);
        Assert.Single(resource.Requests);
        Assert.Contains($"it answered {status}", error.Message);
    }

    [Theory]
    [InlineData(401)]
    [InlineData(403)]
    public async Task Missing_permission_is_final_and_hints_at_credentials(int status)
    {
        FlakyResource resource = _bench.Server.ServeAlways("file", Body, new() { Status = status });
        var error = await _bench.FailAsync<SystemRefusedException>(ErrorCodes.PermissionDenied, "file", Expected);
        Assert.Single(resource.Requests);
        Assert.Equal($"check the credentials for {_bench.Server.Authority} in the URL", error.Hint);
    }

    [Theory]
    [InlineData(204)]
    [InlineData(206)]
    [InlineData(400)]
    [InlineData(405)]
    [InlineData(451)]
    public async Task Other_refusals_are_final(int status)
    {
        FlakyResource resource = _bench.Server.ServeAlways("file", Body, new() { Status = status, Body = [] });
        await _bench.FailAsync<OperationFailedException>(ErrorCodes.ServerRefused, "file", Expected);
        Assert.Single(resource.Requests);
    }

    [Theory]
    [InlineData("7", 7)]
    [InlineData("Fri, 02 Jan 2026 03:04:20 GMT", 15)]
    [InlineData("86400", 120)]
    public async Task The_pause_that_a_server_asks_for_is_kept_up_to_a_limit(string retryAfter, int seconds)
    {
        var clock = new HastyClock();
        _bench.Options = _bench.Options with
        {
            Clock = clock,
            FirstByteTimeout = TimeSpan.FromHours(3),
            SilenceTimeout = TimeSpan.FromHours(3),
        };
        _bench.Server.Serve("file", Body, new FlakyAnswer { Status = 429, Headers = [$"Retry-After: {retryAfter}"] });
        await _bench.FetchAsync("file", Expected, _target);
        Assert.Equal([TimeSpan.FromSeconds(seconds)], clock.Waits.Where(wait => wait < TimeSpan.FromHours(3)));
    }

    [Fact]
    public async Task Pauses_grow_up_to_a_limit()
    {
        var clock = new HastyClock();
        _bench.Options = _bench.Options with
        {
            Clock = clock,
            FirstByteTimeout = TimeSpan.FromHours(3),
            RetryDelay = TimeSpan.FromSeconds(1),
            LongestRetryDelay = TimeSpan.FromSeconds(10),
            Retries = 6,
        };
        _bench.Server.ServeAlways("file", Body, new() { Status = 500 });
        await _bench.FailAsync<TransientException>(ErrorCodes.DownloadFailed, "file", Expected);
        TimeSpan[] pauses = [.. clock.Waits.Where(wait => wait < TimeSpan.FromHours(3))];
        Assert.Equal(6, pauses.Length);
        Assert.Equal(pauses.Order(), pauses);
        Assert.InRange(pauses[0], TimeSpan.FromSeconds(0.2), TimeSpan.FromSeconds(2));
        Assert.Equal(TimeSpan.FromSeconds(10), pauses[^1]);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_transient()
    {
        using var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        int port = ((IPEndPoint)closed.LocalEndpoint).Port;
        closed.Stop();
        string url = FetchBench.SecretPrefix("http", $"127.0.0.1:{port}") + "file";
        var error = await Assert.ThrowsAsync<TransientException>(() => _bench.FetchUrlAsync(url, Expected, _target));
        Assert.Equal(ErrorCodes.DownloadFailed, error.Code);
        Assert.IsType<HttpRequestException>(error.InnerException);
        Assert.Equal(["Unreachable x 4"], _bench.Incidents());
    }

    [Fact]
    public async Task A_failure_of_the_target_ends_the_download_as_it_is()
    {
        FlakyResource resource = _bench.Server.Serve("file", Body);
        var full = new SystemRefusedException(ErrorCodes.DiskFull, "disk full");
        Exception error = await Assert.ThrowsAsync<SystemRefusedException>(() =>
            _bench.FetchAsync("file", Expected, new FailingTarget(full))
        );
        Assert.Same(full, error);
        Assert.Single(resource.Requests);
        Assert.Empty(_bench.Fetcher.Report.Incidents);
    }

    [Theory]
    [InlineData(-1L)]
    [InlineData(500L)]
    public async Task A_download_can_be_cancelled_while_nothing_comes(long stallAfter)
    {
        _bench.Server.ServeAlways("file", Body, new() { StallAfter = stallAfter });
        await CancelledAsync();
    }

    [Fact]
    public async Task A_download_can_be_cancelled_during_a_pause()
    {
        _bench.Options = _bench.Options with
        {
            RetryDelay = TimeSpan.FromHours(1),
            LongestRetryDelay = TimeSpan.FromHours(1),
        };
        _bench.Server.ServeAlways("file", Body, new() { Status = 503 });
        await CancelledAsync();
    }

    private async Task CancelledAsync()
    {
        using var source = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        var request = new FetchRequest { Url = _bench.Server.Url("file"), Name = "file.conda" };
        long start = Stopwatch.GetTimestamp();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            _bench.Fetcher.FetchAsync(request, _target, source.Token)
        );
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.DoesNotContain(
            _bench.Incidents(),
            incident => incident.StartsWith("TimedOut", StringComparison.Ordinal)
        );
    }

    private sealed class FailingTarget(Exception error) : IFetchTarget
    {
        public void Begin(long? totalLength) { }

        public void Write(long offset, ReadOnlySpan<byte> bytes) => throw error;

        public void Restart() { }
    }
}
