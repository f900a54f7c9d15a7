using System.Net;
using System.Net.Sockets;
using Packhorse.Model;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Fetch;

public sealed class TimeoutTests : IAsyncLifetime
{
    private static readonly byte[] Body = FetchBench.RandomBytes(300_000);

    private readonly FetchBench _bench = new();
    private readonly MemoryTarget _target = new();

    public ValueTask InitializeAsync()
    {
        _bench.Options = _bench.Options with { Retries = 1 };
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task A_server_that_never_answers_is_left()
    {
        _bench.Options = _bench.Options with { FirstByteTimeout = TimeSpan.FromSeconds(0.2) };
        FlakyResource resource = _bench.Server.ServeAlways("file", Body, new() { StallAfter = -1 });
        var error = await _bench.FailAsync<TransientException>(
            ErrorCodes.DownloadFailed,
            "file",
            FetchBench.Expect(Body)
        );
        Assert.Contains("it did not answer within 0.2 s", error.Message);
        Assert.Equal(2, resource.Requests.Count);
        Assert.Equal(["TimedOut x 2"], _bench.Incidents());
    }

    [Fact]
    public async Task A_body_that_falls_silent_is_continued_on_another_connection()
    {
        _bench.Options = _bench.Options with { SilenceTimeout = TimeSpan.FromSeconds(0.2) };
        FlakyResource resource = _bench.Server.Serve("file", Body, new FlakyAnswer { StallAfter = 100_000 });
        await _bench.FetchAsync("file", FetchBench.Expect(Body), _target);
        Assert.Equal(Body, _target.Bytes);
        Assert.Equal([0, 100_000], resource.Requests.Select(request => request.From));
        Assert.Equal(Body.Length, resource.BytesSent);
        Assert.Contains(
            _bench.Reporter.Messages,
            message => message.EndsWith("nothing came for 0.2 s after byte 100,000 of 300,000")
        );
    }

    [Fact]
    public async Task A_slow_body_is_no_silent_one()
    {
        _bench.Options = _bench.Options with
        {
            SilenceTimeout = TimeSpan.FromSeconds(0.6),
            FirstByteTimeout = TimeSpan.FromSeconds(0.6),
        };
        FlakyAnswer slow = new() { Pause = TimeSpan.FromSeconds(0.15) };
        _bench.Server.ServeAlways("file", Body, slow);
        await _bench.FetchAsync("file", FetchBench.Expect(Body), _target);
        Assert.Equal(Body, _target.Bytes);
        Assert.Empty(_bench.Incidents());
    }

    [Fact]
    public async Task A_host_that_takes_no_connection_is_left()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "other systems refuse where Linux stays silent");
        using var deaf = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        deaf.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        // A queue of one that nobody takes from: the kernel drops what comes when it is full.
        deaf.Listen(0);
        using var first = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await first.ConnectAsync(deaf.LocalEndPoint!, TestContext.Current.CancellationToken);
        _bench.Options = _bench.Options with { ConnectTimeout = TimeSpan.FromSeconds(0.2) };
        string url = FetchBench.SecretPrefix("http", deaf.LocalEndPoint!.ToString()!) + "file";
        var error = await Assert.ThrowsAsync<TransientException>(() => _bench.FetchUrlAsync(url, default, _target));
        Assert.Contains("there was no connection within 0.2 s", error.Message);
    }
}
