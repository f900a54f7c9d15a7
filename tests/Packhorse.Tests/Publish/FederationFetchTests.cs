using System.Security.Cryptography;
using System.Text.Json;
using Packhorse.Model;
using Packhorse.Publish;
using Packhorse.Tests.Fetch;
using Packhorse.Tests.Image;
using Packhorse.Tests.SelfExtracting;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Publish;

/// <summary>Fetching through a federation whose servers lie, break off and disappear.</summary>
public sealed class FederationFetchTests : IAsyncDisposable
{
    private const int Block = 1 << 20;

    private readonly ScratchDirectory _scratch = new();
    private readonly TestFederation _federation = new();
    private readonly byte[] _body = FetchBench.RandomBytes(5 * Block);
    private readonly byte[] _old = FetchBench.RandomBytes(5 * Block, seed: 2);
    private readonly string _name;

    public FederationFetchTests() => _name = TestFederation.NameOf(_body);

    private string Output => _scratch["got.tar"];

    public async ValueTask DisposeAsync()
    {
        await _federation.DisposeAsync();
        _scratch.Dispose();
    }

    [Fact]
    public async Task The_first_cache_of_the_director_serves_it_and_nobody_else_is_asked()
    {
        FlakyResource[] served = _federation.Publish(_name, _body);

        RemoteFetchResult result = await _federation.FetchAsync(_name, Output);

        Assert.Equal(_body, File.ReadAllBytes(Output));
        Assert.Equal(_body.Length, result.Content.Length);
        Assert.Equal([1, 0, 0, 0], served.Select(one => one.Requests.Count));
        Assert.Equal("true", served[0].Requests[0]["X-Transfer-Status"]);
        Assert.False(File.Exists($"{Output}.part"));
    }

    [Theory]
    [InlineData("stale")]
    [InlineData("mixed")]
    [InlineData("short")]
    public async Task Wrong_content_of_a_cache_is_told_as_what_it_is_and_the_origin_is_asked(string kind)
    {
        byte[] wrong = kind switch
        {
            "stale" => _old,
            "mixed" => [.. _old.AsSpan(0, 2 * Block), .. _body.AsSpan(2 * Block)],
            _ => _body[..(3 * Block)],
        };
        FlakyResource[] served = _federation.Publish(
            _name,
            _body,
            new FlakyAnswer { Body = wrong, Headers = ["Server: XrootD/v5", "Via: 1.1 lying.example"] }
        );

        RemoteFetchResult result = await _federation.FetchAsync(_name, Output);

        Assert.Equal(_body, File.ReadAllBytes(Output));
        string incident = Assert.Single(result.Incidents);
        Assert.Contains(kind, incident, StringComparison.Ordinal);
        Assert.Contains(_federation.Caches[0].Authority, incident, StringComparison.Ordinal);
        Assert.Contains("lying.example", incident, StringComparison.Ordinal);
        Assert.Equal([1, 0, 0, 1], served.Select(one => one.Requests.Count));
        Assert.Equal("/ns/" + _name, served[3].Requests[0].Path);
    }

    [Fact]
    public async Task Content_that_the_origin_has_no_more_is_refused_and_nothing_is_left()
    {
        _ = _federation.Publish(_name, _old);

        CorruptDataException error = await Assert.ThrowsAsync<CorruptDataException>(() =>
            _federation.FetchAsync(_name, Output)
        );

        Assert.Contains("replaced under its name", error.Hint, StringComparison.Ordinal);
        Assert.Contains(_federation.Caches[0].Authority, error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(_scratch.Root));
    }

    [Fact]
    public async Task An_endless_answer_ends_where_a_head_says_the_file_does()
    {
        _ = _federation.Publish(
            _name,
            _body,
            new FlakyAnswer
            {
                Body = [.. _old, .. _old],
                Length = FlakyLength.Chunked,
                HeadLength = _body.Length,
            }
        );

        RemoteFetchResult result = await _federation.FetchAsync(_name, Output);

        Assert.Equal(_body, File.ReadAllBytes(Output));
        Assert.Contains("served more than", Assert.Single(result.Incidents), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Servers_that_fail_in_turn_cost_no_byte_twice()
    {
        FlakyResource[] served = _federation.Publish(
            _name,
            _body,
            new FlakyAnswer { CutAfter = Block },
            new FlakyAnswer
            {
                Length = FlakyLength.Chunked,
                Trailer = "X-Transfer-Status: 500: disk on fire",
                Ranges = FlakyRanges.Halved,
            },
            new FlakyAnswer { Status = 500 }
        );

        _ = await _federation.FetchAsync(_name, Output);

        Assert.Equal(_body, File.ReadAllBytes(Output));
        Assert.InRange(served.Sum(one => one.BytesSent), _body.Length, _body.Length * 1.05);
        Assert.Equal(0, served[3].BytesSent);
        Assert.Contains(_federation.Reporter.Messages, text => text.Contains("disk on fire", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Servers_that_each_fail_again_and_again_cost_no_byte_twice()
    {
        FlakyAnswer[] cuts = [.. Enumerable.Range(0, 4).Select(_ => new FlakyAnswer { CutAfter = Block / 4 })];
        FlakyResource[] served = _federation.Publish(_name, _body);
        for (int i = 0; i < _federation.Caches.Length; i++)
        {
            served[i] = _federation.Caches[i].Serve(_name, _body, cuts, new FlakyAnswer { CutAfter = Block });
        }

        _ = await _federation.FetchAsync(_name, Output);

        Assert.Equal(_body, File.ReadAllBytes(Output));
        Assert.InRange(served.Sum(one => one.BytesSent), _body.Length, _body.Length * 1.05);
        Assert.True(served.Sum(one => one.Requests.Count) > 5, "nobody failed: the test shows nothing");
    }

    [Fact]
    public async Task A_slow_server_is_left_for_the_next_one()
    {
        _federation.Options = _federation.Options with
        {
            SlowWindow = TimeSpan.FromMilliseconds(100),
            SlowRampUp = TimeSpan.FromMilliseconds(200),
        };
        FlakyResource[] served = _federation.Publish(_name, _body, new FlakyAnswer { Pause = TimeSpan.FromSeconds(1) });

        _ = await _federation.FetchAsync(_name, Output);

        Assert.Equal(_body, File.ReadAllBytes(Output));
        Assert.InRange(served[0].BytesSent, 1, Block);
        Assert.True(served[1].BytesSent > Block);
    }

    [Fact]
    public async Task What_an_interrupted_run_left_is_continued()
    {
        FlakyResource[] served = _federation.Publish(_name, _body);
        _ = _scratch.Write("got.tar.part", _body.AsSpan(0, 2 * Block));

        _ = await _federation.FetchAsync(_name, Output);

        Assert.Equal(_body, File.ReadAllBytes(Output));
        Assert.Equal(2 * Block, served[0].Requests[0].From);
    }

    [Fact]
    public async Task A_standalone_origin_serves_its_objects_itself()
    {
        _federation.Describe("{\"jwks_uri\": \"https://x\"}");
        _federation.Central.Serve(_name, _body);

        _ = await _federation.FetchAsync(_name, Output);

        Assert.Equal(_body, File.ReadAllBytes(Output));
    }

    [Fact]
    public async Task A_busy_director_is_asked_again()
    {
        _ = _federation.Publish(_name, _body);
        FlakyAnswer good = TestFederation.Redirect(_name, _federation.Caches);
        _federation.Central.Serve(
            _name,
            [],
            [new FlakyAnswer { Status = 429 }, new FlakyAnswer { Status = 502 }],
            good
        );

        _ = await _federation.FetchAsync(_name, Output);

        Assert.Equal(_body, File.ReadAllBytes(Output));
    }

    public static TheoryData<string, int, string, string> Directors =>
        new()
        {
            { "404", 3, "PH0303", "no such object or namespace" },
            { "403", 6, "PH0602", "it answered 403" },
            { "405", 1, "PH0102", "it answered 405" },
            { "503", 5, "PH0500", "it answered 503" },
            { "429", 5, "PH0500", "it answered 429" },
            { "to ftp://x/y", 1, "PH0102", "not of the web" },
            { "to itself", 1, "PH0102", "in circles" },
            { "to nowhere", 1, "PH0102", "to nowhere" },
        };

    [Theory]
    [MemberData(nameof(Directors))]
    public async Task What_a_director_refuses_is_told(string answer, int exitCode, string code, string says)
    {
        FlakyAnswer director = answer switch
        {
            "to itself" => Leading($"http://{_federation.Central.Authority}/ns/{_name}"),
            "to nowhere" => new FlakyAnswer { Status = 307, Headers = ["Server: pelican/7"] },
            _ when answer.StartsWith("to ", StringComparison.Ordinal) => Leading(answer[3..]),
            _ => new FlakyAnswer { Status = int.Parse(answer), Headers = ["Server: pelican/7"] },
        };
        _federation.Central.ServeAlways(_name, [], director);

        PackhorseException error = await Assert.ThrowsAnyAsync<PackhorseException>(() =>
            _federation.FetchAsync(_name, Output)
        );

        Assert.Equal((exitCode, code), ((int)error.ExitClass, error.Code));
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Output));
    }

    [Theory]
    [InlineData("no json")]
    [InlineData("[]")]
    [InlineData("{\"director_endpoint\": 3}")]
    [InlineData("{\"director_endpoint\": \"ftp://x\"}")]
    public async Task A_description_that_makes_no_sense_is_told(string json)
    {
        _federation.Describe(json);

        OperationFailedException error = await Assert.ThrowsAsync<OperationFailedException>(() =>
            _federation.FetchAsync(_name, Output)
        );

        Assert.Contains("makes no sense", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_director_that_is_down_is_told_as_transient()
    {
        _federation.Describe("{\"director_endpoint\": \"http://127.0.0.1:1\"}");

        TransientException error = await Assert.ThrowsAsync<TransientException>(() =>
            _federation.FetchAsync(_name, Output)
        );

        Assert.Contains("does not answer", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_goes_to_the_servers_of_a_namespace_that_wants_one_and_to_nobody_else()
    {
        FlakyResource[] served = _federation.Publish(_name, _body);
        FlakyResource director = _federation.Central.ServeAlways(
            _name,
            [],
            TestFederation.Redirect(
                _name,
                _federation.Caches,
                "X-Pelican-Namespace: namespace=/ns, require-token=true, collections-url=https://x"
            )
        );

        await Assert.ThrowsAsync<SystemRefusedException>(() => _federation.FetchAsync(_name, Output));
        _ = await _federation.FetchAsync(_name, Output, token: AccessToken.Parse("hunter2\n", "a test"));

        Assert.Equal("Bearer hunter2", served[0].Requests[0]["Authorization"]);
        Assert.All(director.Requests, request => Assert.Null(request["Authorization"]));
    }

    [Fact]
    public async Task A_token_that_is_refused_is_explained()
    {
        AccessToken token = TestTokens.Make("{\"exp\": 1000000000, \"scope\": \"storage.read:/other\"}");
        _ = _federation.Publish(_name, _body);
        foreach (Support.FlakyServer cache in _federation.Caches)
        {
            cache.ServeAlways(_name, [], new FlakyAnswer { Status = 403 });
        }

        SystemRefusedException error = await Assert.ThrowsAsync<SystemRefusedException>(() =>
            _federation.FetchAsync(_name, Output, token: token)
        );

        Assert.Contains("expired at 2001-09-09", error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_there_and_right_is_not_brought_again()
    {
        string named = _scratch.Write(_name, _body);
        Fetch(named).Successful();
        File.Delete(named);

        // Its name says nothing: what the URL's says decides.
        CommandRun again = Fetch(named).Successful();
        string json = Fetch(named, "--json").Successful().Text;
        File.WriteAllBytes(Output, _old);
        CommandRun other = Fetch(named).Failed(3);

        Assert.Contains("There already", again.Error, StringComparison.Ordinal);
        Assert.Equal("already_there", JsonDocument.Parse(json).RootElement.GetProperty("status").GetString());
        Assert.Contains("PH030", other.Error, StringComparison.Ordinal);
        Assert.Equal(_old, File.ReadAllBytes(Output));
    }

    [Fact]
    public void The_command_says_what_it_compared_and_when_it_compared_nothing()
    {
        string hex = Convert.ToHexStringLower(SHA256.HashData(_body));
        string file = _scratch.Write("plain.tar", _body);
        string named = _scratch.Write(_name, _body);
        string lying = _scratch.Write("x-deadbeef.tar", _body);

        Assert.Contains("nothing was checked", Fetch(file).Successful().Error, StringComparison.Ordinal);
        Assert.Contains("as its name says", Fetch(named).Successful().Error, StringComparison.Ordinal);
        Assert.Contains(
            "was expected",
            Fetch(file, "--expect", $"sha256:{hex}").Successful().Error,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "was expected",
            Fetch($"file://{file}#sha256={hex}").Successful().Error,
            StringComparison.Ordinal
        );
        File.Delete(Output);
        Assert.Contains("PH0401", Fetch(lying).Failed(4).Error, StringComparison.Ordinal);
        Assert.Contains("PH0401", Fetch(lying, "--expect", hex).Failed(4).Error, StringComparison.Ordinal);
        Assert.Contains(
            "PH0401",
            Fetch(file, "--expect", new string('0', 64)).Failed(4).Error,
            StringComparison.Ordinal
        );
        Fetch(file, "--expect", "sha256:12").Failed(2);
        Fetch($"{file}#sha256={hex}", "--expect", new string('0', 64)).Failed(2);
        Assert.False(File.Exists(Output));
        Assert.False(File.Exists($"{Output}.part"));
    }

    [Fact]
    public void An_image_is_known_by_its_root_too_and_then_every_chunk_is_compared()
    {
        string image = _scratch["image.sqfs"];
        _ = SmallPack.Pack(SmallPack.MakeLock(_scratch.Root), image, "--image");
        byte[] bytes = File.ReadAllBytes(image);
        string root = ImageFiles.FooterOf(bytes).Root.ToString();
        string named = _scratch.Write($"i-{NameHash.DigitsOf(ImageFiles.FooterOf(bytes).Root, 8)}.sqfs", bytes);

        string json = CommandRun.Of("fetch", named, "-o", _scratch["out.sqfs"], "--json").Successful().Text;
        CommandRun again = CommandRun.Of("fetch", named, "-o", _scratch["out.sqfs"]).Successful();
        bytes[100] ^= 1;
        File.WriteAllBytes(named, bytes);
        // Its footer is the right one; a file that is there is compared chunk by chunk, too.
        File.WriteAllBytes(_scratch["out.sqfs"], bytes);
        CommandRun.Of("fetch", named, "-o", _scratch["out.sqfs"]).Failed(4);
        CommandRun damaged = CommandRun.Of("fetch", named, "-o", _scratch["out2.sqfs"]).Failed(4);

        Assert.Equal(root, JsonDocument.Parse(json).RootElement.GetProperty("root").GetString());
        Assert.Contains("There already", again.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_scratch["out2.sqfs"]), damaged.Error);
    }

    private CommandRun Fetch(string url, params string[] options) =>
        CommandRun.Of(["fetch", url, "-o", Output, .. options]);

    private static FlakyAnswer Leading(string location) =>
        new()
        {
            Status = 307,
            Body = [],
            Headers = ["Server: pelican/7", $"Location: {location}"],
        };
}
