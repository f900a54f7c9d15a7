using System.Globalization;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text;
using Packhorse.Fetch;
using Packhorse.Model;
using Packhorse.Publish;
using Packhorse.Tests.Fetch;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Publish;

/// <summary>Publishing to a federation by a PUT of ours, and by Pelican's own client.</summary>
[SupportedOSPlatform("linux")]
public sealed class PublishFederationTests : IAsyncDisposable
{
    private const int Size = 3 << 20;
    private const string Directory = "pelican://fed.example/ns/envs";

    private readonly ScratchDirectory _scratch = new();
    private readonly TestOrigin _origin = new();
    private readonly RecordingReporter _reporter = new();
    private readonly byte[] _body = FetchBench.RandomBytes(Size);
    private readonly string _file;
    private readonly string _stem;
    private FetchOptions _options = new()
    {
        UserAgent = "packhorse/0.0",
        Randomness = () => 0.5,
        Retries = 3,
        RetryDelay = TimeSpan.FromMilliseconds(1),
        LongestRetryDelay = TimeSpan.FromMilliseconds(5),
    };

    public PublishFederationTests()
    {
        _file = _scratch.Write("x.tar", _body);
        _stem = $"x-{NameHash.DigitsOf(new Digest(SHA256.HashData(_body)), 8)}";
    }

    public async ValueTask DisposeAsync()
    {
        await _origin.DisposeAsync();
        _scratch.Dispose();
    }

    [Fact]
    public async Task A_file_is_stored_at_the_origin_and_read_back()
    {
        Publication made = await PublishAsync();

        Assert.Equal((PublicationKind.Published, $"{_stem}.tar"), (made.Kind, made.Name));
        Assert.Equal(_body, _origin.Objects[$"/ns/envs/{_stem}.tar"]);
        Assert.Equal((1, 1), (_origin.CountOf("PUT"), _origin.CountOf("GET")));
        FlakyRequest put = _origin.Requests.Last(one => one.Method == "PUT");
        Assert.Equal(("100-continue", "*"), (put["Expect"], put["If-None-Match"]));
    }

    [Fact]
    public async Task The_same_content_is_there_already()
    {
        _ = await PublishAsync();

        Publication again = await PublishAsync();

        Assert.Equal(PublicationKind.AlreadyThere, again.Kind);
        Assert.Equal(1, _origin.CountOf("PUT"));
    }

    [Fact]
    public async Task A_dry_run_stores_nothing()
    {
        Publication made = await PublishAsync(dryRun: true);

        Assert.Equal(PublicationKind.WouldBePublished, made.Kind);
        Assert.Equal(0, _origin.CountOf("PUT"));
    }

    [Fact]
    public async Task Other_content_under_a_name_without_hash_is_refused_and_kept()
    {
        _origin.Objects["/ns/envs/plain.tar"] = [1, 2, 3];

        UsageException error = await Assert.ThrowsAsync<UsageException>(() => PublishAsync("plain.tar"));

        Assert.Contains("3 bytes", error.Message, StringComparison.Ordinal);
        Assert.Equal([1, 2, 3], _origin.Objects["/ns/envs/plain.tar"]);
        Assert.Equal(0, _origin.CountOf("PUT"));
    }

    [Fact]
    public async Task What_a_broken_upload_left_is_left_alone_and_the_next_number_is_taken()
    {
        _origin.Objects[$"/ns/envs/{_stem}.tar"] = _body[..1000];
        // Of the same length, and only reading it all tells.
        _origin.Objects[$"/ns/envs/{_stem}.1.tar"] = [.. _body.AsSpan(0, Size - 1), (byte)(_body[^1] ^ 1)];

        Publication made = await PublishAsync();

        Assert.Equal($"{_stem}.2.tar", made.Name);
        Assert.Equal([$"{_stem}.tar", $"{_stem}.1.tar"], made.Broken);
        Assert.Equal(1000, _origin.Objects[$"/ns/envs/{_stem}.tar"].Length);
    }

    [Fact]
    public async Task An_upload_that_is_cut_goes_on_under_the_next_number()
    {
        _origin.Puts.Enqueue(new PutAnswer { CutAfter = Size / 2 });

        Publication made = await PublishAsync();

        Assert.Equal(($"{_stem}.1.tar", PublicationKind.Published), (made.Name, made.Kind));
        Assert.Equal([$"{_stem}.tar"], made.Broken);
        Assert.Equal(_body, _origin.Objects[$"/ns/envs/{_stem}.1.tar"]);
    }

    [Fact]
    public async Task What_comes_back_other_than_it_was_stored_is_no_publication()
    {
        _origin.Puts.Enqueue(new PutAnswer { Damages = true });

        Publication made = await PublishAsync();

        Assert.Equal($"{_stem}.1.tar", made.Name);
        Assert.Contains(_reporter.Messages, text => text.Contains("gives back", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_that_is_busy_is_asked_again_and_given_up_in_the_end()
    {
        _origin.Puts.Enqueue(new PutAnswer { Refusal = 429 });
        _origin.Puts.Enqueue(new PutAnswer { Refusal = 503 });
        Assert.Equal($"{_stem}.tar", (await PublishAsync()).Name);
        _origin.Objects.Clear();
        foreach (int _ in Enumerable.Range(0, 10))
        {
            _origin.Puts.Enqueue(new PutAnswer { Refusal = 500 });
        }

        TransientException error = await Assert.ThrowsAsync<TransientException>(() => PublishAsync());

        Assert.Equal(ErrorCodes.UploadFailed, error.Code);
        Assert.Contains("it answered 500 (4 attempts)", error.Message, StringComparison.Ordinal);
    }

    public static TheoryData<int, int, string, string> Refusals =>
        new()
        {
            { 401, 6, "PH0602", "answered 401" },
            { 403, 6, "PH0602", "answered 403" },
            { 404, 3, "PH0303", "answered 404" },
            { 405, 6, "PH0602", "nothing can be written there" },
            { 507, 6, "PH0601", "no space" },
            { 418, 1, "PH0102", "answered 418" },
        };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_refusal_is_told_before_anything_is_sent(int status, int exitCode, string code, string says)
    {
        _origin.Puts.Enqueue(new PutAnswer { Refusal = status });

        PackhorseException error = await Assert.ThrowsAnyAsync<PackhorseException>(() => PublishAsync());

        Assert.Equal((exitCode, code), ((int)error.ExitClass, error.Code));
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.Equal(1, _origin.CountOf("PUT"));
        Assert.Empty(_origin.Objects);
    }

    [Theory]
    [InlineData("http://{0}/ns/envs/{1}", "in circles")]
    [InlineData("ftp://example.org/x", "not of the web")]
    public async Task A_redirect_that_may_not_be_followed_is_told(string location, string says)
    {
        string to = string.Format(CultureInfo.InvariantCulture, location, _origin.Authority, $"{_stem}.tar");
        _origin.Puts.Enqueue(new PutAnswer { Refusal = 307, Headers = [$"Location: {to}"] });

        OperationFailedException error = await Assert.ThrowsAsync<OperationFailedException>(() => PublishAsync());

        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_redirect_to_another_server_of_the_origin_is_followed_without_the_token()
    {
        await using var other = new TestOrigin();
        _origin.Puts.Enqueue(
            new PutAnswer { Refusal = 307, Headers = [$"Location: http://{other.Authority}/ns/envs/{_stem}.tar"] }
        );

        // What the first server gives back decides: it has nothing of it, and so it is stored once more.
        Publication made = await PublishAsync(token: AccessToken.Parse("hunter2", "a test"));

        Assert.Equal($"{_stem}.tar", made.Name);
        Assert.Equal(_body, other.Objects[$"/ns/envs/{_stem}.tar"]);
        Assert.Null(Assert.Single(other.Requests)["Authorization"]);
        Assert.Equal(2, _origin.CountOf("PUT"));
    }

    [Theory]
    [InlineData(405, 6, "no origin of the namespace can be written to")]
    [InlineData(404, 3, "no such object or namespace")]
    [InlineData(403, 6, "it answered 403")]
    [InlineData(503, 5, "it answered 503")]
    public async Task What_the_director_refuses_is_told(int status, int exitCode, string says)
    {
        _origin.DirectorRefusesPut = status;

        PackhorseException error = await Assert.ThrowsAnyAsync<PackhorseException>(() => PublishAsync());

        Assert.Equal(exitCode, (int)error.ExitClass);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.Equal(0, _origin.CountOf("PUT"));
    }

    [Theory]
    [InlineData("ftp://example.org/x", "not of the web")]
    [InlineData("http://{0}/director/ns/envs/{1}", "in circles")]
    public async Task A_director_that_leads_astray_is_told(string location, string says)
    {
        _origin.DirectorLeadsTo = string.Format(
            CultureInfo.InvariantCulture,
            location,
            _origin.Authority,
            $"{_stem}.tar"
        );

        OperationFailedException error = await Assert.ThrowsAsync<OperationFailedException>(() => PublishAsync());

        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_is_asked_for_where_there_is_none()
    {
        _origin.Token = "hunter2";

        SystemRefusedException error = await Assert.ThrowsAsync<SystemRefusedException>(() => PublishAsync());

        Assert.Contains("--token-file", error.Hint, StringComparison.Ordinal);
        Assert.Empty(_origin.Objects);
    }

    [Fact]
    public async Task A_token_is_sent_to_the_origin_and_not_to_the_director()
    {
        _origin.Token = "hunter2";

        _ = await PublishAsync(token: AccessToken.Parse("hunter2\n", "a test"));

        Assert.Equal(_body, _origin.Objects[$"/ns/envs/{_stem}.tar"]);
        Assert.All(
            _origin.Requests.Where(one => one.Path.StartsWith("/director", StringComparison.Ordinal)),
            one => Assert.Null(one["Authorization"])
        );
    }

    [Fact]
    public async Task A_token_that_has_ended_by_the_directors_clock_is_told_before_anything_is_sent()
    {
        AccessToken token = TestTokens.Make("{\"exp\": 1000000000}");
        _origin.DirectorHeaders = ["Date: Sun, 22 Nov 2026 10:00:00 GMT"];

        SystemRefusedException error = await Assert.ThrowsAsync<SystemRefusedException>(() =>
            PublishAsync(token: token)
        );

        Assert.Contains("expired at 2001-09-09", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, _origin.CountOf("PUT"));
    }

    [Fact]
    public async Task A_clock_of_this_machine_that_is_years_ahead_does_not_end_a_token()
    {
        AccessToken token = TestTokens.Make("{\"exp\": 1800000000}");
        _options = _options with { Clock = new FastClock(new DateTimeOffset(2040, 1, 1, 0, 0, 0, TimeSpan.Zero)) };
        _origin.DirectorHeaders = ["Date: Sun, 22 Nov 2026 10:00:00 GMT"];

        _ = await PublishAsync(token: token);
        _origin.DirectorHeaders = ["X-Pelican-Namespace: namespace=/ns, require-token=true"];
        _origin.Objects.Clear();

        // Where the director does not tell the time, this machine's is all there is.
        await Assert.ThrowsAsync<SystemRefusedException>(() => PublishAsync(token: token));
    }

    [Fact]
    public async Task A_token_for_something_else_is_told_when_it_was_refused()
    {
        _origin.Token = "another";
        _origin.DirectorHeaders = ["X-Pelican-Namespace: namespace=/ns, require-token=false"];

        SystemRefusedException error = await Assert.ThrowsAsync<SystemRefusedException>(() =>
            PublishAsync(token: TestTokens.Make("{\"scope\": \"storage.read:/envs storage.create:/other\"}"))
        );

        Assert.Contains("not for storage.create", error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_changes_while_it_is_published_is_not_stored_whole()
    {
        LocalFile file = LocalFile.Read(_file, SilentReporter.Instance, TestContext.Current.CancellationToken);
        byte[] other = [.. _body];
        other[Size / 2] ^= 1;
        _ = _scratch.Write("x.tar", other);

        CorruptDataException error = await Assert.ThrowsAsync<CorruptDataException>(() => PublishAsync(file: file));

        Assert.Contains("changed while it was being published", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(_origin.Objects.Values, stored => stored.Length == Size);
    }

    [Fact]
    public async Task An_origin_that_cannot_be_reached_is_told_as_transient()
    {
        _origin.DirectorLeadsTo = "http://127.0.0.1:1/ns";

        TransientException error = await Assert.ThrowsAsync<TransientException>(() => PublishAsync());

        Assert.Equal(ErrorCodes.UploadFailed, error.Code);
    }

    [Fact]
    public void The_command_prints_the_url_for_submit_files_and_the_line_that_removes_what_is_broken()
    {
        _origin.Objects[$"/ns/envs/{_stem}.tar"] = [1];

        CommandRun run = CommandRun
            .Of("publish", _file, "--to", Directory, "--federation", _origin.Discovery.AbsoluteUri)
            .Successful();

        Assert.Contains($"transfer_input_files = {Directory}/{_stem}.1.tar\n", run.Text, StringComparison.Ordinal);
        Assert.Contains($"pelican object delete {Directory}/{_stem}.tar\n", run.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_of_a_federation_has_no_query()
    {
        CommandRun.Of("publish", _file, "--to", $"{Directory}?directread").Failed(2);
    }

    [Fact]
    public void Pelicans_client_gets_the_name_of_the_tokens_file_and_never_the_token()
    {
        PelicanUrl url = PelicanUrl.Parse($"{Directory}/x.tar");
        var variables = new Dictionary<string, string> { ["BEARER_TOKEN"] = "hunter2" };

        Assert.Equal(
            ["object", "put", "--token", "/home/me/token", "/data/x.tar", url.ToString()],
            new PelicanTool("/usr/bin/pelican", "/home/me/token", variables).Arguments("/data/x.tar", url)
        );
        Assert.Equal(
            ["object", "put", "/data/x.tar", url.ToString()],
            new PelicanTool("/usr/bin/pelican", null, variables).Arguments("/data/x.tar", url)
        );
    }

    [Theory]
    // Its exit code, what is then there, and what comes of it when it goes on like that.
    [InlineData(0, "all", null)]
    [InlineData(1, "all", null)]
    [InlineData(0, "part", "PH0503")]
    [InlineData(1, "nothing", "PH0102")]
    [InlineData(11, "nothing", "PH0503")]
    public async Task What_pelicans_client_stored_is_read_back_whatever_it_says(
        int code,
        string stored,
        string? failure
    )
    {
        // A stand-in: it notes what it was called with, and the origin has what it would have stored.
        string program = _scratch.Write(
            "pelican",
            Encoding.UTF8.GetBytes($"#!/bin/sh\nprintf '%s\\n' \"$@\" >'{_scratch["called"]}'\nexit {code}\n")
        );
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        if (stored != "nothing")
        {
            _origin.Objects["/ns/envs/p.tar"] = stored == "all" ? _body : _body[..10];
        }
        await using var destination = new FederationDestination(
            new FederationAccess(_options, _origin.Discovery, null),
            PelicanUrl.Parse(Directory),
            new PelicanTool(program, "/home/me/token", new Dictionary<string, string>())
        );
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        LocalFile file = LocalFile.Read(_file, _reporter, cancellation);

        string? became = null;
        bool placed = false;
        for (int tries = 0; tries <= _options.Retries && !placed && became is null; tries++)
        {
            try
            {
                placed = await destination.TryPlaceAsync("p.tar", file, _reporter, cancellation);
            }
            catch (PackhorseException error)
            {
                became = error.Code;
            }
        }

        Assert.Equal((failure is null, failure), (placed, became));
        Assert.Equal(
            $"object\nput\n--token\n/home/me/token\n{_file}\n{Directory}/p.tar\n",
            File.ReadAllText(_scratch["called"])
        );
    }

    private async Task<Publication> PublishAsync(
        string? name = null,
        AccessToken? token = null,
        LocalFile? file = null,
        bool dryRun = false
    )
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(120));
        await using var destination = new FederationDestination(
            new FederationAccess(_options, _origin.Discovery, token),
            PelicanUrl.Parse(Directory),
            tool: null
        );
        file ??= LocalFile.Read(_file, _reporter, limit.Token);
        return await Publisher.PublishAsync(
            file,
            name is null ? file.PublishedName() : NameTemplate.Parse(name),
            destination,
            dryRun,
            _reporter,
            limit.Token
        );
    }

    /// <summary>A clock that shows another time; timers run as ever.</summary>
    private sealed class FastClock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
