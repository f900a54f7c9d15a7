using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Packhorse.Fetch;
using Packhorse.Model;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Fetch;

public sealed class RedirectTests : IAsyncLifetime
{
    private static readonly byte[] Body = FetchBench.RandomBytes(1000);
    private static readonly ExpectedContent Expected = FetchBench.Expect(Body);

    private readonly FetchBench _bench = new();
    private readonly FlakyServer _elsewhere = new();
    private readonly MemoryTarget _target = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _bench.DisposeAsync();
        await _elsewhere.DisposeAsync();
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(303)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task Redirects_are_followed_and_relative_ones_too(int status)
    {
        _bench.Server.ServeAlways("file", [], FlakyAnswer.RedirectTo("../other/b?x=y", status));
        FlakyResource b = _bench.Server.Serve("b", Body);
        await _bench.FetchAsync("file", Expected, _target);
        Assert.Equal(Body, _target.Bytes);
        Assert.EndsWith("/other/b?x=y", Assert.Single(b.Requests).Path);
        Assert.NotNull(b.Requests[0]["Authorization"]);
    }

    [Fact]
    public async Task Credentials_stay_with_the_host_and_port_they_were_given_for()
    {
        FlakyResource here = _bench.Server.ServeAlways("file", [], FlakyAnswer.RedirectTo(_elsewhere.Url("file")));
        FlakyResource there = _elsewhere.Serve("file", Body);
        _bench.Options = _bench.Options with { Authorization = _ => new AuthenticationHeaderValue("Bearer", "abc") };
        await _bench.FetchAsync("file", Expected, _target);
        Assert.Equal("Bearer abc", Assert.Single(here.Requests)["Authorization"]);
        Assert.Null(Assert.Single(there.Requests)["Authorization"]);
    }

    [Fact]
    public async Task User_information_of_a_url_is_sent_as_basic()
    {
        FlakyResource resource = _bench.Server.Serve("file", Body);
        string url = $"http://a%40b:c%3Ad@{_bench.Server.Authority}/file";
        await _bench.FetchUrlAsync(url, Expected, _target);
        Assert.Equal("Basic YUBiOmM6ZA==", resource.Requests[0]["Authorization"]);
    }

    [Fact]
    public async Task A_cut_behind_a_redirect_asks_the_first_url_again()
    {
        FlakyResource here = _bench.Server.ServeAlways("file", [], FlakyAnswer.RedirectTo(_elsewhere.Url("file")));
        FlakyResource there = _elsewhere.Serve("file", Body, new FlakyAnswer { CutAfter = 400 });
        await _bench.FetchAsync("file", Expected, _target);
        Assert.Equal(2, here.Requests.Count);
        Assert.Equal([0, 400], there.Requests.Select(request => request.From));
        Assert.Equal(1000, there.BytesSent);
    }

    [Fact]
    public async Task A_failure_behind_a_redirect_is_counted_where_it_happened()
    {
        _bench.Server.ServeAlways("file", [], FlakyAnswer.RedirectTo(_elsewhere.Url("file")));
        _elsewhere.ServeAlways("file", [], new() { Status = 403 });
        var error = await _bench.FailAsync<SystemRefusedException>(ErrorCodes.PermissionDenied, "file", Expected);
        Assert.StartsWith(
            $"{_bench.Server.Authority} redirects to {_elsewhere.Authority}, and credentials are never",
            error.Hint
        );
        Assert.EndsWith($"it answered 403 (at {_elsewhere.Authority})", error.Message);
        Assert.Equal(_elsewhere.Authority, Assert.Single(_bench.Fetcher.Report.Incidents).Host);
    }

    [Fact]
    public async Task Circles_are_noticed_when_they_close()
    {
        FlakyResource a = _bench.Server.ServeAlways(
            "file",
            [],
            FlakyAnswer.RedirectTo($"{_elsewhere.Url("b")}?token=hunter2")
        );
        FlakyResource b = _elsewhere.ServeAlways(
            "b",
            [],
            FlakyAnswer.RedirectTo(FetchBench.SecretUrl(_bench.Server, "file"))
        );
        var error = await _bench.FailAsync<OperationFailedException>(ErrorCodes.ServerRefused, "file", Expected);
        Assert.Contains("redirects in circles", error.Message);
        Assert.Single(a.Requests);
        Assert.Single(b.Requests);
    }

    [Theory]
    [InlineData(10, true)]
    [InlineData(11, false)]
    public async Task Ten_redirects_are_followed_and_no_more(int count, bool arrives)
    {
        for (int i = 0; i < count; i++)
        {
            _bench.Server.ServeAlways(i == 0 ? "file" : $"r{i}", [], FlakyAnswer.RedirectTo($"r{i + 1}"));
        }
        _bench.Server.Serve($"r{count}", Body);
        if (arrives)
        {
            await _bench.FetchAsync("file", Expected, _target);
            Assert.Equal(Body, _target.Bytes);
        }
        else
        {
            await _bench.FailAsync<OperationFailedException>(ErrorCodes.ServerRefused, "file", Expected);
        }
    }

    [Theory]
    [InlineData("ftp://127.0.0.1/file")]
    [InlineData("file:///etc/hostname")]
    [InlineData("http://")]
    public async Task Redirects_off_the_web_are_refused(string location)
    {
        _bench.Server.ServeAlways("file", [], FlakyAnswer.RedirectTo(location));
        await _bench.FailAsync<OperationFailedException>(ErrorCodes.ServerRefused, "file", Expected);
    }

    [Fact]
    public async Task A_redirect_without_a_location_is_refused()
    {
        _bench.Server.ServeAlways("file", [], new() { Status = 302, Body = [] });
        await _bench.FailAsync<OperationFailedException>(ErrorCodes.ServerRefused, "file", Expected);
    }

    [Fact]
    public void The_encrypted_way_is_not_left()
    {
        var redirects = new Redirects(new Uri("https://a.example/x"));
        redirects.Follow(new Uri("https://b.example/y"));
        Assert.False(redirects.IsAtOrigin);
        var failure = Assert.Throws<AttemptFailure>(() => redirects.Follow(new Uri("http://b.example/y")));
        Assert.Equal(FetchIncidentKind.Rejected, failure.Kind);
        Assert.Equal("https://b.example/y", redirects.Current.AbsoluteUri);
    }

    [Fact]
    public void Leaving_plain_http_for_https_is_no_loop_and_loses_the_credentials()
    {
        var redirects = new Redirects(new Uri("http://a.example/x"));
        redirects.Follow(new Uri("https://a.example/x"));
        Assert.False(redirects.IsAtOrigin);
    }

    [Fact]
    public async Task A_server_that_nobody_vouches_for_is_refused()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        using X509Certificate2 certificate = request.CreateSelfSigned(
            DateTimeOffset.UtcNow.AddDays(-1),
            DateTimeOffset.UtcNow.AddDays(1)
        );
        await using var secure = new FlakyServer(certificate);
        FlakyResource resource = secure.Serve("file", Body);
        var error = await Assert.ThrowsAsync<OperationFailedException>(() =>
            _bench.FetchUrlAsync(FetchBench.SecretUrl(secure, "file"), Expected, _target)
        );
        Assert.Equal(ErrorCodes.ServerNotTrusted, error.Code);
        Assert.Contains("SSL_CERT_FILE", error.Hint);
        Assert.Contains("its certificate is signed by itself", error.Message);
        Assert.Empty(resource.Requests);
        Assert.Equal(["NotTrusted x 1"], _bench.Incidents());
    }
}
