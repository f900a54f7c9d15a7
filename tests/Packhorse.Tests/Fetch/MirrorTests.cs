using System.Net;
using System.Net.Sockets;
using Packhorse.Fetch;
using Packhorse.Model;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Fetch;

/// <summary>Downloads that more than one place can serve.</summary>
public sealed class MirrorTests : IAsyncLifetime
{
    private const string Name = "file.conda";
    private static readonly byte[] Body = FetchBench.RandomBytes(100_000);
    private static readonly byte[] Lie = FetchBench.RandomBytes(100_000, seed: 2);
    private static readonly ExpectedContent Expected = FetchBench.Expect(Body);

    private readonly FetchBench _bench = new();
    private readonly FlakyServer _second = new();
    private readonly MemoryTarget _target = new();

    public ValueTask InitializeAsync()
    {
        _bench.Mirrors = FetchBench.MirroredBy(
            FetchBench.SecretPrefix(_bench.Server),
            FetchBench.SecretPrefix(_second)
        );
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _bench.DisposeAsync();
        await _second.DisposeAsync();
    }

    [Fact]
    public async Task The_next_mirror_heals_what_a_lying_one_served()
    {
        FlakyResource first = _bench.Server.ServeAlways(Name, Lie, new());
        FlakyResource second = _second.Serve(Name, Body);
        await FetchAsync();
        Assert.Equal(Body, _target.Bytes);
        Assert.Equal([0, 0], first.Requests.Select(request => request.From));
        Assert.Equal([0], second.Requests.Select(request => request.From));
        Assert.Equal(
            [new FetchIncident(_bench.Server.Authority, FetchIncidentKind.WrongBytes, 2)],
            _bench.Fetcher.Report.Incidents
        );
        Assert.Equal(Body.Length, _bench.Reporter.Bytes);
    }

    [Fact]
    public async Task Another_mirror_goes_on_at_the_byte_that_was_reached()
    {
        FlakyResource first = _bench.Server.ServeAlways(Name, Body, new() { CutAfter = 60_000, ETag = "\"a\"" });
        FlakyResource second = _second.ServeAlways(Name, Body, new() { ETag = "\"b\"" });
        await FetchAsync();
        Assert.Equal(Body, _target.Bytes);
        Assert.Equal(60_000, first.BytesSent);
        Assert.Equal(40_000, second.BytesSent);
        // The tag is the first one's.
        Assert.Null(Assert.Single(second.Requests)["If-Range"]);
    }

    [Fact]
    public async Task Without_a_digest_another_mirror_begins_anew()
    {
        _bench.Server.Serve(Name, Lie, [new() { CutAfter = 60_000 }], new() { Status = 503 });
        FlakyResource second = _second.Serve(Name, Body);
        await _bench.FetchUrlAsync(FetchBench.MirroredUrl, default, _target);
        Assert.Equal(Body, _target.Bytes);
        Assert.Equal(0, Assert.Single(second.Requests).From);
    }

    [Fact]
    public async Task Without_a_digest_the_mirror_that_began_is_asked_first_to_go_on()
    {
        FlakyResource first = _bench.Server.Serve(Name, Body, new FlakyAnswer { CutAfter = 60_000 });
        FlakyResource second = _second.Serve(Name, Lie);
        await _bench.FetchUrlAsync(FetchBench.MirroredUrl, default, _target);
        Assert.Equal(Body, _target.Bytes);
        Assert.Equal(Body.Length, first.BytesSent);
        Assert.Empty(second.Requests);
    }

    [Fact]
    public async Task When_two_mirrors_together_are_wrong_each_has_to_stand_for_all_its_bytes()
    {
        FlakyResource first = _bench.Server.Serve(Name, Lie, [new() { CutAfter = 60_000 }], new());
        FlakyResource second = _second.Serve(Name, Body, [new(), new() { CutAfter = 50_000 }]);
        await FetchAsync();
        Assert.Equal(Body, _target.Bytes);
        Assert.Contains(
            _bench.Reporter.Messages,
            message =>
                message.Contains(_bench.Server.Authority)
                && message.Contains($", then '{_second.Scheme}://***@{_second.Authority}")
        );
        Assert.Equal([0, 60_000, 0, 50_000], first.Requests.Concat(second.Requests).Select(request => request.From));
    }

    [Fact]
    public async Task When_all_lie_the_error_names_all()
    {
        _bench.Server.ServeAlways(Name, Lie, new());
        _second.ServeAlways(Name, Lie[1..], new());
        var error = await Assert.ThrowsAsync<CorruptDataException>(FetchAsync);
        Assert.Equal(ErrorCodes.DigestMismatch, error.Code);
        Assert.Contains(_bench.Server.Authority, error.Message);
        Assert.Contains(_second.Authority, error.Message);
    }

    [Theory]
    [InlineData(404, 404, typeof(NotFoundException))]
    [InlineData(404, 403, typeof(SystemRefusedException))]
    [InlineData(400, 404, typeof(OperationFailedException))]
    [InlineData(404, 503, typeof(TransientException))]
    [InlineData(404, 200, typeof(CorruptDataException))]
    public async Task The_gravest_failure_names_the_error(int first, int second, Type type)
    {
        _bench.Server.ServeAlways(Name, Lie, new() { Status = first });
        _second.ServeAlways(Name, Lie, new() { Status = second });
        var error = await Assert.ThrowsAnyAsync<PackhorseException>(FetchAsync);
        Assert.IsType(type, error);
        Assert.Contains(first.ToString(), error.Message);
    }

    [Fact]
    public async Task A_mirror_without_the_file_is_asked_once()
    {
        FlakyResource first = _bench.Server.ServeAlways(Name, Body, new() { Status = 404 });
        _second.Serve(Name, Body, new FlakyAnswer { Status = 503 });
        await FetchAsync();
        Assert.Equal(Body, _target.Bytes);
        Assert.Single(first.Requests);
    }

    [Fact]
    public async Task A_mirror_that_failed_is_asked_later_from_then_on()
    {
        FlakyResource first = _bench.Server.Serve(Name, Body, new FlakyAnswer { Status = 503 });
        FlakyResource second = _second.Serve(Name, Body);
        await FetchAsync();
        await _bench.FetchUrlAsync(FetchBench.MirroredUrl, Expected, new MemoryTarget());
        Assert.Single(first.Requests);
        Assert.Equal(2, second.Requests.Count);
    }

    [Fact]
    public async Task A_dead_mirror_costs_one_attempt()
    {
        using var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        string dead = closed.LocalEndpoint.ToString()!;
        closed.Stop();
        _bench.Mirrors = FetchBench.MirroredBy(FetchBench.SecretPrefix("http", dead), FetchBench.SecretPrefix(_second));
        _second.Serve(Name, Body);
        await FetchAsync();
        Assert.Equal([new FetchIncident(dead, FetchIncidentKind.Unreachable, 1)], _bench.Fetcher.Report.Incidents);
    }

    [Fact]
    public async Task Mirrors_of_unknown_kinds_are_passed_over()
    {
        _bench.Mirrors = FetchBench.MirroredBy("oci://registry.example/channel", FetchBench.SecretPrefix(_second));
        _second.Serve(Name, Body);
        await FetchAsync();
        Assert.Equal(Body, _target.Bytes);
    }

    [Fact]
    public async Task Mirrors_of_unknown_kinds_alone_are_a_mistake()
    {
        _bench.Mirrors = FetchBench.MirroredBy("oci://registry.example/channel", "gcs://bucket/channel");
        var error = await Assert.ThrowsAsync<UsageException>(FetchAsync);
        Assert.Equal(ErrorCodes.UnsupportedUrl, error.Code);
    }

    private Task<FetchedContent> FetchAsync() => _bench.FetchUrlAsync(FetchBench.MirroredUrl, Expected, _target);
}
