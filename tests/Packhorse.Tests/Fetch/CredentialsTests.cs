using System.Runtime.Versioning;
using System.Text;
using Packhorse.Fetch;
using Packhorse.Model;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Fetch;

[SupportedOSPlatform("linux")]
public sealed class CredentialsTests : IAsyncLifetime
{
    private const string Secret = "hunter2";

    private static readonly byte[] Body = FetchBench.RandomBytes(1000);
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly ScratchDirectory _scratch = new();
    private readonly FetchBench _bench = new();
    private readonly FlakyServer _elsewhere = new();
    private readonly List<string> _warnings = [];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _bench.DisposeAsync();
        await _elsewhere.DisposeAsync();
        _scratch.Dispose();
    }

    [Fact]
    public void A_real_file_is_read()
    {
        Credentials credentials = Load(File.ReadAllText(Fixtures.Require("auth/credentials.sample.json")));
        Assert.Equal("BearerToken", KindFor(credentials, "https://prefix.dev/conda-forge/noarch/x.conda"));
        Assert.Equal("BearerToken", KindFor(credentials, "https://repo.prefix.dev/x"));
        Assert.Equal("BasicHTTP", KindFor(credentials, "https://repo.example.com:8443/x"));
        Assert.Equal("CondaToken", KindFor(credentials, "https://conda.anaconda.org/x"));
        Assert.Equal("S3Credentials", KindFor(credentials, "s3://my-bucket/channel/noarch/x.conda"));
        Assert.Null(KindFor(credentials, "https://notprefix.dev/x"));
        Assert.Null(KindFor(credentials, "s3://my-bucket-2/x"));
        Assert.Null(KindFor(credentials, "https://conda.anaconda.org.evil.example/x"));
    }

    [Theory]
    [InlineData("https://a.example/private/team/x", "team")]
    [InlineData("https://a.example/private/x", "private")]
    [InlineData("https://a.example/privateer/x", "host")]
    [InlineData("https://a.example:8443/x", "port")]
    [InlineData("https://a.example:8444/x", "host")]
    [InlineData("https://b.a.example/x", "wildcard")]
    [InlineData("https://A.EXAMPLE/private/x", "private")]
    public void What_says_more_about_a_url_decides(string url, string expected)
    {
        Credentials credentials = Load(
            """
            {
              "*.example": {"BearerToken": "wildcard"},
              "a.example": {"BearerToken": "host"},
              "a.example:8443": {"BearerToken": "port"},
              "https://a.example/private/": {"BearerToken": "private"},
              "https://a.example/private/team": {"BearerToken": "team"}
            }
            """
        );
        Assert.Equal($"Bearer {expected}", credentials.Find(new Uri(url))?.Header?.ToString());
    }

    [Fact]
    public async Task A_conda_token_goes_into_the_path()
    {
        FlakyResource resource = _bench.Server.Serve("file", Body);
        Use("""{"127.0.0.1": {"CondaToken": "a b/hunter2"}}""");
        await FetchAsync();
        FlakyRequest request = Assert.Single(resource.Requests);
        Assert.Equal($"/t/a%20b%2F{Secret}/channel/file", request.Path);
        Assert.Null(request["Authorization"]);
    }

    [Theory]
    [InlineData("""{"BearerToken": "hunter2"}""", "Bearer hunter2")]
    [InlineData("""{"BasicHTTP": {"username": "me", "password": "pä:ss"}}""", "Basic bWU6cMOkOnNz")]
    [InlineData(
        """{"OAuth": {"access_token": "hunter2", "refresh_token": "r", "expires_at": 1893456000, "token_endpoint": "https://x"}}""",
        "Bearer hunter2"
    )]
    public async Task Tokens_and_passwords_go_into_the_header(string credential, string header)
    {
        FlakyResource resource = _bench.Server.Serve("file", Body);
        Use("{\"127.0.0.1\": " + credential + "}");
        await FetchAsync();
        Assert.Equal(header, Assert.Single(resource.Requests)["Authorization"]);
        Assert.Empty(_warnings);
    }

    [Fact]
    public void An_expired_oauth_token_is_told_and_not_sent()
    {
        Credentials credentials = Load(
            """{"a.example": {"OAuth": {"access_token": "hunter2", "expires_at": 1700000000}}}"""
        );
        Assert.Null(credentials.Find(new Uri("https://a.example/x")));
        Assert.Contains(":1: the OAuth token has expired", Assert.Single(_warnings));
    }

    [Theory]
    [InlineData("""{"BearerToken": "hunter2"}""")]
    [InlineData("""{"CondaToken": "hunter2"}""")]
    [InlineData("""{"BasicHTTP": {"username": "me", "password": "hunter2"}}""")]
    public async Task Nothing_follows_a_redirect_to_another_host(string credential)
    {
        _bench.Server.ServeAlways("file", [], FlakyAnswer.RedirectTo(_elsewhere.Url("file")));
        FlakyResource there = _elsewhere.Serve("file", Body);
        // The entry would do for both; but the second is another port, where somebody else may listen.
        Use("{\"127.0.0.1\": " + credential + "}");
        await FetchAsync();
        FlakyRequest request = Assert.Single(there.Requests);
        Assert.Null(request["Authorization"]);
        Assert.DoesNotContain(Secret, request.Path);
    }

    [Fact]
    public async Task A_mirror_gets_its_own_credentials_only()
    {
        FlakyResource resource = _bench.Server.Serve("file.conda", Body);
        Use("""{"channel.example": {"BearerToken": "hunter2"}}""");
        _bench.Mirrors = FetchBench.MirroredBy(_bench.Server.Url(""));
        await _bench.FetchUrlAsync(FetchBench.MirroredUrl, FetchBench.Expect(Body), new MemoryTarget());
        Assert.Null(Assert.Single(resource.Requests)["Authorization"]);
    }

    [Theory]
    [InlineData("""{"127.0.0.1": {"BearerToken": "hunter2"}}""", "it refused the BearerToken of ")]
    [InlineData("{}", "there are none; pixi auth login stores some")]
    public async Task A_refusal_says_whose_credentials_were_sent(string file, string says)
    {
        _bench.Server.ServeAlways("file", [], new() { Status = 401 });
        Use(file);
        var error = await Assert.ThrowsAsync<SystemRefusedException>(FetchAsync);
        Assert.Equal(ErrorCodes.PermissionDenied, error.Code);
        Assert.Contains(says, error.Hint);
    }

    [Fact]
    public async Task A_refusal_by_a_server_of_another_time_says_so()
    {
        string date = DateTimeOffset.UtcNow.AddHours(2).ToString("R");
        _bench.Server.ServeAlways("file", [], new() { Status = 403, Headers = [$"Date: {date}"] });
        var error = await Assert.ThrowsAsync<SystemRefusedException>(FetchAsync);
        Assert.Contains("this machine's clock is 120 minutes behind its own", error.Message);
    }

    [Theory]
    [InlineData("", ":1:1: not JSON")]
    [InlineData("{\n\"a\": hunter2\n}", ":2:6: not JSON")]
    [InlineData("[]", ":1: must be an object of hosts")]
    [InlineData("{\n\"a\": \"hunter2\"}", ":2: must be an object with one member")]
    [InlineData("{\n\"a\":\n{}}", ":3: names no kind of credentials")]
    [InlineData("{\"a\": {\"Bearer\": \"hunter2\"}}", ":1: 'Bearer' is not a kind of credentials that is known")]
    [InlineData("{\"a\": {\"BearerToken\": 5}}", ":1: BearerToken must be a text")]
    [InlineData("{\"a\": {\"BearerToken\": \"\"}}", ":1: BearerToken is empty")]
    [InlineData("{\"a\": {\"BearerToken\": \"hunter2\\r\\nX: y\"}}", ":1: BearerToken has control characters")]
    [InlineData("{\"a\": {\"BasicHTTP\": {\"username\": \"hunter2\"}}}", ":1: BasicHTTP lacks password")]
    [InlineData("{\"a\": {\"BearerToken\": \"hunter2\", \"CondaToken\": \"x\"}}", ":1: has more than one kind")]
    [InlineData("{\"a\": {\"BearerToken\": \"hunter2\"}} hunter2", ": not JSON")]
    [InlineData("{\"a\": {\"BearerToken\": \"\\ud800\"}}", ":1: holds text that is not UTF-8")]
    public void A_broken_file_is_refused_with_its_line_and_without_its_content(string json, string says)
    {
        var error = Assert.Throws<UsageException>(() => Load(json));
        Assert.Equal(ErrorCodes.BadConfiguration, error.Code);
        Assert.Contains(says, error.Message);
        Assert.DoesNotContain(Secret, error.ToString());
    }

    [Fact]
    public void Any_bytes_are_a_file_or_refused()
    {
        byte[] good = Encoding.UTF8.GetBytes("""{"a": {"BasicHTTP": {"username": "u", "password": "p"}}}""");
        for (int at = 0; at < good.Length; at++)
        {
            for (int bit = 0; bit < 8; bit++)
            {
                byte[] bad = [.. good];
                bad[at] ^= (byte)(1 << bit);
                try
                {
                    CredentialsFile.Parse(bad, "file", Now, []);
                }
                catch (UsageException error)
                {
                    Assert.StartsWith("file:", error.Message);
                }
            }
        }
    }

    [Fact]
    public void Netrc_files_are_read_as_curl_reads_them()
    {
        string path = _scratch.Write(
            "netrc",
            """
            # a comment
            machine A.example login me password hunter2
            machine b.example
                password "with \"blank"
                account x
            macdef init
              machine evil.example login x password y

            default login anonymous password everywhere
            machine a.example login second password second
            """u8
        );
        Protect(path);
        var credentials = Credentials.Load(new CredentialPaths { Netrc = path }, Now, _warnings.Add);
        Assert.Equal("Basic bWU6aHVudGVyMg==", credentials.Find(new Uri("https://a.example/x"))!.Header!.ToString());
        string quoted = Convert.ToBase64String(":with \"blank"u8);
        Assert.Equal($"Basic {quoted}", credentials.Find(new Uri("https://b.example/x"))!.Header!.ToString());
        Assert.Null(credentials.Find(new Uri("https://evil.example/x")));
        Assert.Null(credentials.Find(new Uri("https://other.example/x")));
        Assert.Empty(_warnings);
    }

    [Theory]
    [InlineData("machine a login me password hunter2 hunter2 word", ":1: expected machine")]
    [InlineData("machine a\nlogin me\npassword", ":3: nothing stands after password")]
    public void A_broken_netrc_is_refused_with_its_line(string text, string says)
    {
        var error = Assert.Throws<UsageException>(() => NetrcFile.Parse(text, "netrc"));
        Assert.Contains(says, error.Message);
        Assert.DoesNotContain(Secret, error.ToString());
    }

    [Fact]
    public void The_file_named_first_decides_and_those_at_home_come_last()
    {
        string first = Write("first.json", """{"a.example": {"BearerToken": "first"}}""");
        string second = Write(
            "second.json",
            """{"a.example": {"BearerToken": "second"}, "b.example": {"BearerToken": "second"}}"""
        );
        Write(
            ".rattler/credentials.json",
            """{"b.example": {"BearerToken": "home"}, "c.example": {"BearerToken": "home"}}"""
        );
        Write(".netrc", "machine c.example login x password y\nmachine d.example login x password y");
        var paths = new CredentialPaths { Named = [first, second], Home = _scratch.Root };
        var credentials = Credentials.Load(paths, Now, _warnings.Add);
        string[] found =
        [
            .. "abcd"
                .Select(host => credentials.Find(new Uri($"https://{host}.example/x"))!.Origin)
                .Select(Path.GetFileName)!,
        ];
        Assert.Equal(["first.json", "second.json", "credentials.json", ".netrc"], found);
    }

    [Fact]
    public void A_file_that_was_named_has_to_be_there()
    {
        var paths = new CredentialPaths { Named = [_scratch["none.json"]] };
        var error = Assert.Throws<NotFoundException>(() => Credentials.Load(paths, Now, _warnings.Add));
        Assert.Contains("does not exist", error.Message);
    }

    [Theory]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead)]
    public void A_file_that_others_can_read_is_warned_of(UnixFileMode mode)
    {
        string path = Write("open.json", "{}");
        File.SetUnixFileMode(path, mode);
        Credentials.Load(new CredentialPaths { Named = [path] }, Now, _warnings.Add);
        Assert.Equal($"{path} holds credentials, and others can read it: chmod 600 it", Assert.Single(_warnings));
    }

    [Fact]
    public void Nothing_prints_a_secret()
    {
        Credentials credentials = Load(
            """
            {"a.example": {"BearerToken": "hunter2"}, "b.example": {"BasicHTTP": {"username": "hunter2", "password": "hunter2"}},
             "c.example": {"CondaToken": "hunter2"}, "s3://d": {"S3Credentials": {"access_key_id": "hunter2", "secret_access_key": "hunter2"}}}
            """
        );
        foreach (string url in (string[])["https://a.example", "https://b.example", "https://c.example", "s3://d/x"])
        {
            Credential credential = credentials.Find(new Uri(url))!;
            Assert.DoesNotContain(Secret, $"{credential}");
        }
    }

    private Task<FetchedContent> FetchAsync() =>
        _bench.FetchUrlAsync(_bench.Server.Url("file"), FetchBench.Expect(Body), new MemoryTarget());

    private void Use(string json) => _bench.Options = _bench.Options with { Credentials = Load(json) };

    private Credentials Load(string json) =>
        Credentials.Load(new CredentialPaths { Named = [Write("credentials.json", json)] }, Now, _warnings.Add);

    private string Write(string name, string text)
    {
        string path = _scratch.Write(name, Encoding.UTF8.GetBytes(text));
        Protect(path);
        return path;
    }

    private static void Protect(string path)
    {
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private static string? KindFor(Credentials credentials, string url) => credentials.Find(new Uri(url))?.Kind;
}
