using Packhorse.Fetch;
using Packhorse.Model;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Fetch;

/// <summary>Bodies that do not come in one piece.</summary>
public sealed class ResumeTests : IAsyncLifetime
{
    private readonly FetchBench _bench = new();
    private readonly MemoryTarget _target = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task A_body_cut_at_random_points_is_sent_once_in_all()
    {
        byte[] body = FetchBench.RandomBytes(20 << 20);
        var random = new Random(7);
        FlakyAnswer[] cuts = [.. Enumerable.Range(0, 12).Select(_ => Cut(random.Next(1, 3 << 20)))];
        FlakyResource resource = _bench.Server.Serve("file", body, cuts);

        FetchedContent content = await _bench.FetchAsync("file", FetchBench.Expect(body), _target);

        Assert.Equal(FetchBench.Expect(body).Sha256, content.Sha256);
        Assert.Equal(body.Length, content.Length);
        Assert.Equal(body, _target.Bytes);
        Assert.InRange(resource.BytesSent, body.Length, (long)(1.05 * body.Length));
        Assert.Equal(0, _target.Restarts);
        Assert.Equal(body.Length, _bench.Reporter.Bytes);
        Assert.True(resource.Requests.Count > 6);
        Assert.All(resource.Requests.Skip(1), request => Assert.Equal("\"one\"", request["If-Range"]));
        Assert.Equal([$"Cut x {resource.Requests.Count - 1}"], _bench.Incidents());
    }

    [Fact]
    public async Task Each_attempt_asks_for_what_follows_the_last_byte()
    {
        byte[] body = FetchBench.RandomBytes(1000);
        FlakyResource resource = _bench.Server.Serve("file", body, Cut(100), Cut(0), Cut(300));
        await _bench.FetchAsync("file", FetchBench.Expect(body), _target);
        Assert.Equal([0, 100, 100, 400], resource.Requests.Select(request => request.From));
        Assert.Equal(body, _target.Bytes);
    }

    [Fact]
    public async Task Connections_that_are_reset_lose_no_byte_of_the_target()
    {
        byte[] body = FetchBench.RandomBytes(1 << 20);
        FlakyAnswer reset = Cut(200_000) with { Reset = true };
        _bench.Server.Serve("file", body, reset, reset, reset);
        await _bench.FetchAsync("file", FetchBench.Expect(body), _target);
        Assert.Equal(body, _target.Bytes);
        Assert.Equal(body.Length, _bench.Reporter.Bytes);
    }

    [Fact]
    public async Task A_server_that_cuts_every_connection_after_some_bytes_is_enough()
    {
        byte[] body = FetchBench.RandomBytes(50_000);
        _bench.Options = _bench.Options with { Retries = 1 };
        FlakyResource resource = _bench.Server.ServeAlways("file", body, Cut(1000));
        await _bench.FetchAsync("file", FetchBench.Expect(body), _target);
        Assert.Equal(50, resource.Requests.Count);
        Assert.Equal(body.Length, resource.BytesSent);
    }

    [Fact]
    public async Task Without_new_bytes_a_download_is_given_up()
    {
        byte[] body = FetchBench.RandomBytes(1000);
        FlakyResource resource = _bench.Server.Serve("file", body, [Cut(400)], Cut(0));
        var error = await _bench.FailAsync<TransientException>(
            ErrorCodes.DownloadFailed,
            "file",
            FetchBench.Expect(body)
        );
        Assert.Equal(1 + 1 + _bench.Options.Retries, resource.Requests.Count);
        Assert.Contains("cut at byte 400 of 1,000 (4 attempts in a row brought nothing new)", error.Message);
        Assert.NotNull(error.InnerException);
    }

    [Fact]
    public async Task A_server_that_knows_no_ranges_begins_anew()
    {
        byte[] body = FetchBench.RandomBytes(100_000);
        FlakyAnswer whole = new() { Ranges = FlakyRanges.Ignored };
        FlakyResource resource = _bench.Server.Serve("file", body, Cut(60_000), whole);
        await _bench.FetchAsync("file", FetchBench.Expect(body), _target);
        Assert.Equal(body, _target.Bytes);
        Assert.Equal(1, _target.Restarts);
        Assert.Equal(160_000, resource.BytesSent);
        Assert.Equal(body.Length, _bench.Reporter.Bytes);
    }

    [Fact]
    public async Task A_server_that_knows_no_ranges_and_always_cuts_at_one_byte_is_given_up()
    {
        byte[] body = FetchBench.RandomBytes(1000);
        FlakyAnswer answer = Cut(600) with { Ranges = FlakyRanges.Ignored };
        FlakyResource resource = _bench.Server.ServeAlways("file", body, answer);
        await _bench.FailAsync<TransientException>(ErrorCodes.DownloadFailed, "file", FetchBench.Expect(body));
        Assert.Equal(1 + 1 + _bench.Options.Retries, resource.Requests.Count);
    }

    [Theory]
    [InlineData(FlakyRanges.Shifted)]
    [InlineData(FlakyRanges.Unsaid)]
    public async Task Another_part_than_the_one_asked_for_is_refused(FlakyRanges ranges)
    {
        byte[] body = FetchBench.RandomBytes(1000);
        FlakyResource resource = _bench.Server.Serve("file", body, [Cut(600)], new() { Ranges = ranges });
        await _bench.FetchAsync("file", FetchBench.Expect(body), _target);
        Assert.Equal(body, _target.Bytes);
        // From then on the whole is asked for.
        Assert.Equal([0, 600, 0], resource.Requests.Select(request => request.From));
        Assert.Equal(["Cut x 1", "WrongRange x 1"], _bench.Incidents());
    }

    [Fact]
    public async Task A_part_of_a_file_of_another_size_is_refused()
    {
        byte[] body = FetchBench.RandomBytes(1000);
        FlakyAnswer wrong = new() { Ranges = FlakyRanges.WrongTotal };
        FlakyResource resource = _bench.Server.Serve("file", body, [Cut(600), wrong, wrong]);
        await _bench.FetchAsync("file", FetchBench.Expect(body), _target);
        Assert.Equal(body, _target.Bytes);
        Assert.Equal(["Cut x 1", "WrongBytes x 1"], _bench.Incidents());
        Assert.Equal([0, 600, 0], resource.Requests.Select(request => request.From));
    }

    [Fact]
    public async Task A_part_shorter_than_asked_for_is_continued()
    {
        byte[] body = FetchBench.RandomBytes(1000);
        FlakyResource resource = _bench.Server.Serve("file", body, [Cut(200)], new() { Ranges = FlakyRanges.Halved });
        await _bench.FetchAsync("file", FetchBench.Expect(body), _target);
        Assert.Equal(body, _target.Bytes);
        Assert.Equal([0, 200, 600, 800, 900], resource.Requests.Take(5).Select(request => request.From));
    }

    [Theory]
    [InlineData(false, new long[] { 0, 500 })]
    [InlineData(true, new long[] { 0, 500, 0 })]
    public async Task A_file_that_changes_between_two_attempts_is_begun_anew(bool ignoresIfRange, long[] asked)
    {
        byte[] older = FetchBench.RandomBytes(1000, seed: 1);
        byte[] newer = FetchBench.RandomBytes(1000, seed: 2);
        FlakyAnswer changed = new() { ETag = "\"two\"", IgnoresIfRange = ignoresIfRange };
        FlakyAnswer cut = Cut(500) with { Body = older };
        FlakyResource resource = _bench.Server.Serve("file", newer, [cut], changed);
        await _bench.FetchAsync("file", FetchBench.Expect(newer), _target);
        Assert.Equal(newer, _target.Bytes);
        Assert.Equal(asked, resource.Requests.Select(request => request.From));
        Assert.Equal(1, _target.Restarts);
    }

    [Theory]
    [InlineData("\"one\"", new long[] { 0, 500 })]
    [InlineData("W/\"one\"", new long[] { 0, 0 })]
    [InlineData(null, new long[] { 0, 0 })]
    public async Task Without_a_digest_only_a_strong_entity_tag_allows_to_continue(string? etag, long[] asked)
    {
        byte[] body = FetchBench.RandomBytes(1000);
        FlakyAnswer fine = new() { ETag = etag };
        FlakyResource resource = _bench.Server.Serve("file", body, [fine with { CutAfter = 500 }], fine);
        FetchedContent content = await _bench.FetchAsync("file", default, _target);
        Assert.Equal(body, _target.Bytes);
        Assert.Equal(FetchBench.Expect(body).Sha256, content.Sha256);
        Assert.Equal(asked, resource.Requests.Select(request => request.From));
    }

    [Theory]
    [InlineData(FlakyLength.Declared, 1000L)]
    [InlineData(FlakyLength.Chunked, null)]
    [InlineData(FlakyLength.UntilClose, null)]
    public async Task Bodies_of_every_framing_arrive(FlakyLength length, long? total)
    {
        byte[] body = FetchBench.RandomBytes(1000);
        _bench.Server.ServeAlways("file", body, new() { Length = length });
        await _bench.FetchAsync("file", default, _target);
        Assert.Equal(body, _target.Bytes);
        Assert.Equal(total, _target.Total);
    }

    [Theory]
    [InlineData(FlakyLength.Chunked, true)]
    [InlineData(FlakyLength.Chunked, false)]
    [InlineData(FlakyLength.UntilClose, true)]
    [InlineData(FlakyLength.UntilClose, false)]
    public async Task A_cut_is_noticed_without_a_declared_length(FlakyLength length, bool sizeIsKnown)
    {
        byte[] body = FetchBench.RandomBytes(100_000);
        ExpectedContent expected = FetchBench.Expect(body);
        FlakyAnswer answer = new() { Length = length };
        FlakyResource resource = _bench.Server.Serve("file", body, [answer with { CutAfter = 70_000 }], answer);
        await _bench.FetchAsync("file", sizeIsKnown ? expected : expected with { Size = null }, _target);
        Assert.Equal(body, _target.Bytes);
        Assert.Equal([0, 70_000], resource.Requests.Select(request => request.From));
        Assert.Equal(100_000, resource.BytesSent);
    }

    [Fact]
    public async Task A_file_said_to_be_longer_than_it_is_ends_with_the_right_digest()
    {
        byte[] body = FetchBench.RandomBytes(1000);
        FlakyAnswer wrong = new() { Ranges = FlakyRanges.WrongTotal };
        FlakyResource resource = _bench.Server.Serve(
            "file",
            body,
            [Cut(600) with { Length = FlakyLength.Chunked }],
            wrong
        );
        await _bench.FetchAsync("file", FetchBench.Expect(body) with { Size = null }, _target);
        Assert.Equal(body, _target.Bytes);
        Assert.Equal(2, resource.Requests.Count);
    }

    [Fact]
    public async Task A_server_that_has_no_more_bytes_has_told_its_size()
    {
        byte[] body = FetchBench.RandomBytes(1000);
        FlakyAnswer shorter = new() { Body = body[..900], Length = FlakyLength.Chunked };
        FlakyResource resource = _bench.Server.ServeAlways("file", body, shorter);
        var error = await _bench.FailAsync<CorruptDataException>(
            ErrorCodes.DigestMismatch,
            "file",
            FetchBench.Expect(body) with
            {
                Size = null,
            }
        );
        Assert.Contains("got 900 bytes", error.Message);
        Assert.Equal([0, 0], resource.Requests.Select(request => request.From));
    }

    [Fact]
    public async Task An_empty_file_is_a_file()
    {
        _bench.Server.Serve("file", []);
        FetchedContent content = await _bench.FetchAsync("file", FetchBench.Expect([]), _target);
        Assert.Equal(0, content.Length);
        Assert.Equal(0, _target.Total);
    }

    private static FlakyAnswer Cut(long after) => new() { CutAfter = after };
}
