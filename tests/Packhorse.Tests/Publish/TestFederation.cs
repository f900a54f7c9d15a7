using System.Security.Cryptography;
using System.Text;
using Packhorse.Fetch;
using Packhorse.Model;
using Packhorse.Publish;
using Packhorse.Tests.Fetch;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Publish;

/// <summary>
/// A Pelican federation on loopback: discovery and director on one server, caches and an origin beside it, each of which misbehaves on
/// order. The director answers the first question with the caches, and all further ones, as those with <c>?directread</c>, with the origin.
/// </summary>
internal sealed class TestFederation : IAsyncDisposable
{
    private const string Configuration = "pelican-configuration";

    public FlakyServer Central { get; } = new();

    public FlakyServer[] Caches { get; } = [new(), new(), new()];

    public FlakyServer Origin { get; } = new();

    public RecordingReporter Reporter { get; } = new();

    public FetchOptions Options { get; set; } =
        new()
        {
            UserAgent = "packhorse/0.0",
            Randomness = () => 0.5,
            Retries = 3,
            RetryDelay = TimeSpan.FromMilliseconds(1),
            LongestRetryDelay = TimeSpan.FromMilliseconds(5),
        };

    public TestFederation() => Describe($"{{\"director_endpoint\": \"http://{Central.Authority}\"}}");

    public Uri Discovery => new($"http://{Central.Authority}/");

    /// <summary>What discovery answers.</summary>
    public FlakyResource Describe(string json) => Central.Serve(Configuration, Encoding.UTF8.GetBytes(json));

    /// <summary>A name of eight digits for some content.</summary>
    public static string NameOf(byte[] body, string ending = ".tar") =>
        $"x-{NameHash.DigitsOf(new Digest(SHA256.HashData(body)), 8)}{ending}";

    public static string UrlOf(string name) => $"pelican://fed.example/ns/{name}";

    /// <summary>The origin and all caches have it, and the director knows.</summary>
    /// <param name="answers">Of the caches; those that are not given serve well.</param>
    /// <returns>What the caches served, and behind them the origin.</returns>
    public FlakyResource[] Publish(string name, byte[] body, params FlakyAnswer[] answers)
    {
        FlakyAnswer toCaches = Redirect(name, Caches);
        Central.Serve(name, [], [toCaches], Redirect(name, Origin));
        return
        [
            .. Caches.Select(
                (cache, i) => cache.ServeAlways(name, body, answers.ElementAtOrDefault(i) ?? new FlakyAnswer())
            ),
            Origin.Serve(name, body),
        ];
    }

    /// <param name="headers">Further ones.</param>
    public static FlakyAnswer Redirect(string name, FlakyServer[] servers, params string[] headers) =>
        new()
        {
            Status = 307,
            Body = [],
            Headers =
            [
                "Server: pelican/7.17.0",
                $"Location: http://{servers[0].Authority}/ns/{name}",
                "Link: "
                    + string.Join(
                        ", ",
                        servers.Select(
                            (server, i) =>
                                $"<http://{server.Authority}/ns/{name}>; rel=\"duplicate\"; pri={i + 1}; depth=1"
                        )
                    ),
                .. headers,
            ],
        };

    private static FlakyAnswer Redirect(string name, FlakyServer server) => Redirect(name, [server]);

    /// <summary>Brings a file, with no more than what its name says unless a digest is given.</summary>
    public async Task<RemoteFetchResult> FetchAsync(
        string name,
        string output,
        Digest? expected = null,
        AccessToken? token = null
    )
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        return await new RemoteFetch(Options, MirrorMap.Empty, Reporter).RunAsync(
            new RemoteFetchRequest
            {
                Url = UrlOf(name),
                Output = output,
                Claims = ContentClaims.Of(UrlOf(name), expected, output),
                Discovery = Discovery,
                Token = token,
            },
            limit.Token
        );
    }

    public async ValueTask DisposeAsync()
    {
        await Central.DisposeAsync();
        await Origin.DisposeAsync();
        foreach (FlakyServer cache in Caches)
        {
            await cache.DisposeAsync();
        }
    }
}
