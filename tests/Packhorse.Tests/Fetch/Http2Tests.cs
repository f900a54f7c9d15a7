using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Packhorse.Tests.Fetch;

/// <summary>What conda's channels speak, by a server that is not ours.</summary>
public sealed class Http2Tests : IAsyncLifetime
{
    private static readonly byte[] Body = FetchBench.RandomBytes(3 << 20);

    private readonly FetchBench _bench = new();
    private readonly System.Threading.Lock _lock = new();
    private readonly List<(string Protocol, string Range)> _requests = [];
    private readonly X509Certificate2 _certificate = SelfSigned();
    private WebApplication? _server;

    /// <summary>Bytes after which a stream is reset; for the first request only.</summary>
    private int? _resetAfter;

    public async ValueTask InitializeAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(options =>
            options.Listen(
                System.Net.IPAddress.Loopback,
                0,
                listen =>
                {
                    listen.Protocols = HttpProtocols.Http2;
                    listen.UseHttps(_certificate);
                }
            )
        );
        _server = builder.Build();
        _server.Run(AnswerAsync);
        await _server.StartAsync(TestContext.Current.CancellationToken);
        _bench.Options = _bench.Options with { TrustsEverybody = true };
    }

    public async ValueTask DisposeAsync()
    {
        await _bench.DisposeAsync();
        await _server!.DisposeAsync();
        _certificate.Dispose();
    }

    [Fact]
    public async Task Files_come_over_http_2()
    {
        var target = new MemoryTarget();
        await _bench.FetchUrlAsync(Url, FetchBench.Expect(Body), target);
        Assert.Equal(Body, target.Bytes);
        Assert.Equal([("HTTP/2", "")], _requests);
    }

    [Fact]
    public async Task A_stream_that_is_reset_goes_on_where_it_was()
    {
        _resetAfter = 1 << 20;
        var target = new MemoryTarget();
        await _bench.FetchUrlAsync(Url, FetchBench.Expect(Body), target);
        Assert.Equal(Body, target.Bytes);
        Assert.Equal(2, _requests.Count);
        Assert.StartsWith("bytes=", _requests[1].Range);
        Assert.NotEqual("bytes=0-", _requests[1].Range);
        Assert.Equal(0, target.Restarts);
    }

    private string Url =>
        _server!.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()
        + "/noarch/file.conda";

    private async Task AnswerAsync(HttpContext context)
    {
        int? resetAfter;
        lock (_lock)
        {
            _requests.Add((context.Request.Protocol, context.Request.Headers.Range.ToString()));
            resetAfter = _requests.Count == 1 ? _resetAfter : null;
        }
        if (resetAfter is { } bytes)
        {
            context.Response.ContentLength = Body.Length;
            await context.Response.Body.WriteAsync(Body.AsMemory(0, bytes));
            await context.Response.Body.FlushAsync();
            context.Abort();
            return;
        }
        await Results.Bytes(Body, enableRangeProcessing: true).ExecuteAsync(context);
    }

    private static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        return new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256).CreateSelfSigned(
            now.AddDays(-1),
            now.AddDays(1)
        );
    }
}
