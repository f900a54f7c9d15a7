using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Packhorse.Fetch;
using Packhorse.Model;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Fetch;

public sealed class ProxyTests : IAsyncLifetime
{
    private const string Variable = "HTTPS_PROXY";

    private static readonly byte[] Body = FetchBench.RandomBytes(1000);

    private readonly FetchBench _bench = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Theory]
    [InlineData("https://a.example/x", "http://proxy:1/")]
    [InlineData("http://a.example/x", "http://proxy:2/")]
    [InlineData("https://near.example/x", null)]
    [InlineData("https://b.near.example/x", null)]
    [InlineData("https://linear.example/x", "http://proxy:1/")]
    [InlineData("https://dotted.example/x", null)]
    [InlineData("https://a.dotted.example/x", null)]
    [InlineData("https://a.starred.example/x", null)]
    [InlineData("https://ported.example:8443/x", null)]
    [InlineData("https://ported.example/x", "http://proxy:1/")]
    [InlineData("https://10.1.2.3/x", null)]
    [InlineData("https://11.1.2.3/x", "http://proxy:1/")]
    [InlineData("https://127.0.0.1/x", null)]
    [InlineData("https://[::1]/x", null)]
    public void Hosts_go_by_the_proxy_unless_they_are_named(string url, string? proxy)
    {
        string[] without =
        [
            "near.example",
            ".dotted.example",
            "*.starred.example",
            "ported.example:8443",
            "10.0.0.0/8",
            " 127.0.0.1 ",
            "[::1]",
        ];
        var rules = new ProxyRules(("proxy:2", Variable), ("http://proxy:1", Variable), without);
        Assert.Equal(proxy, rules.GetProxy(new Uri(url))?.AbsoluteUri);
        Assert.Equal(proxy is null, rules.IsBypassed(new Uri(url)));
    }

    [Fact]
    public void A_star_is_every_host()
    {
        var rules = new ProxyRules(("http://proxy", Variable), ("http://proxy", Variable), ["*"]);
        Assert.Null(rules.GetProxy(new Uri("https://a.example/")));
    }

    [Fact]
    public void What_is_no_proxy_is_refused_without_its_password()
    {
        var error = Assert.Throws<UsageException>(() =>
            new ProxyRules((null, ""), ("ftp://me:hunter2@proxy", Variable), [])
        );
        Assert.Equal(ErrorCodes.BadConfiguration, error.Code);
        Assert.Contains(Variable, error.Message);
        Assert.DoesNotContain("hunter2", error.ToString());
    }

    [Fact]
    public async Task A_proxy_is_asked_for_the_whole_url_with_its_own_password()
    {
        FlakyResource resource = _bench.Server.Serve(
            "file.conda",
            Body,
            new FlakyAnswer
            {
                Status = 407,
                Headers = ["Proxy-Authenticate: Basic realm=\"x\""],
                Body = [],
            }
        );
        Through($"http://me:hunter2@{_bench.Server.Authority}");
        await _bench.FetchUrlAsync(
            "http://far.example/channel/file.conda",
            FetchBench.Expect(Body),
            new MemoryTarget()
        );
        Assert.Equal("http://far.example/channel/file.conda", resource.Requests[1].Path);
        Assert.Equal("Basic bWU6aHVudGVyMg==", resource.Requests[1]["Proxy-Authorization"]);
        Assert.Null(resource.Requests[1]["Authorization"]);
    }

    [Fact]
    public async Task A_proxy_that_refuses_is_called_the_proxy()
    {
        _bench.Server.ServeAlways(
            "file.conda",
            [],
            new FlakyAnswer
            {
                Status = 407,
                Headers = ["Proxy-Authenticate: Basic realm=\"x\""],
                Body = [],
            }
        );
        Through($"http://me:hunter2@{_bench.Server.Authority}");
        var error = await Assert.ThrowsAsync<SystemRefusedException>(() =>
            _bench.FetchUrlAsync("http://far.example/file.conda", FetchBench.Expect(Body), new MemoryTarget())
        );
        Assert.StartsWith("check the credentials for the proxy", error.Hint);
    }

    [Fact]
    public async Task An_encrypted_server_is_reached_through_a_tunnel()
    {
        using X509Certificate2 certificate = SelfSigned(
            DateTimeOffset.UtcNow.AddDays(-1),
            DateTimeOffset.UtcNow.AddDays(1)
        );
        await using var secure = new FlakyServer(certificate);
        FlakyResource resource = secure.Serve("file.conda", Body);
        await using var tunnel = new TunnelProxy();
        _bench.Options = _bench.Options with
        {
            Proxies = new ProxyRules((null, ""), ($"http://{tunnel.Authority}", Variable), []),
            TrustsEverybody = true,
        };
        await _bench.FetchUrlAsync(secure.Url("file.conda"), FetchBench.Expect(Body), new MemoryTarget());
        Assert.Equal($"CONNECT {secure.Authority} HTTP/1.1", Assert.Single(tunnel.Requests));
        Assert.Single(resource.Requests);
    }

    [Theory]
    [InlineData(-20, -10, "held until", "it has expired, or the clock is fast")]
    [InlineData(10, 20, "holds from", "is the clock slow?")]
    public async Task A_certificate_out_of_its_time_is_told_with_the_clock(
        int from,
        int until,
        string says,
        string guess
    )
    {
        using X509Certificate2 certificate = SelfSigned(
            DateTimeOffset.UtcNow.AddDays(from),
            DateTimeOffset.UtcNow.AddDays(until)
        );
        await using var secure = new FlakyServer(certificate);
        var error = await Assert.ThrowsAsync<OperationFailedException>(() =>
            _bench.FetchUrlAsync(secure.Url("file"), FetchBench.Expect(Body), new MemoryTarget())
        );
        Assert.Equal(ErrorCodes.ServerNotTrusted, error.Code);
        Assert.Contains(says, error.Message);
        Assert.Contains("this machine's clock says", error.Message);
        Assert.Contains(guess, error.Message);
    }

    private void Through(string proxy) =>
        _bench.Options = _bench.Options with { Proxies = new ProxyRules((proxy, Variable), (null, ""), []) };

    private static X509Certificate2 SelfSigned(DateTimeOffset from, DateTimeOffset until)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256).CreateSelfSigned(from, until);
    }

    /// <summary>Answers CONNECT on loopback, and passes on what comes.</summary>
    private sealed class TunnelProxy : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource _stop = new();
        private readonly List<string> _requests = [];
        private readonly Task _serving;

        public TunnelProxy()
        {
            _listener.Start();
            _serving = ServeAsync();
        }

        public string Authority => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

        public IReadOnlyList<string> Requests => _requests;

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _serving;
            _listener.Stop();
            _stop.Dispose();
        }

        private async Task ServeAsync()
        {
            try
            {
                while (true)
                {
                    using TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                    await TunnelAsync(client);
                }
            }
            catch (Exception error) when (error is OperationCanceledException or SocketException or IOException)
            {
                // The end of the test.
            }
        }

        private async Task TunnelAsync(TcpClient client)
        {
            await using NetworkStream near = client.GetStream();
            var head = new StringBuilder();
            var one = new byte[1];
            while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
            {
                await near.ReadExactlyAsync(one, _stop.Token);
                head.Append((char)one[0]);
            }
            string request = head.ToString().Split("\r\n")[0];
            _requests.Add(request);
            string[] target = request.Split(' ')[1].Split(':');
            using var server = new TcpClient();
            await server.ConnectAsync(target[0], int.Parse(target[1]), _stop.Token);
            await using NetworkStream far = server.GetStream();
            await near.WriteAsync("HTTP/1.1 200 OK\r\n\r\n"u8.ToArray(), _stop.Token);
            await Task.WhenAny(near.CopyToAsync(far, _stop.Token), far.CopyToAsync(near, _stop.Token));
        }
    }
}
