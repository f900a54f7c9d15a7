using System.Collections.Concurrent;
using System.Security.Cryptography;
using Packhorse.Fetch;
using Packhorse.Model;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Fetch;

/// <summary>
/// A fetcher with short patience and a server that tries it. Every URL holds a secret in each place where one can be, and every
/// message that comes out is searched for it.
/// </summary>
internal sealed class FetchBench : IAsyncDisposable
{
    private const string Secret = "hunter2";

    private Fetcher? _fetcher;

    public FlakyServer Server { get; } = new();

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

    public MirrorMap Mirrors { get; set; } = MirrorMap.Empty;

    public Fetcher Fetcher => _fetcher ??= new Fetcher(Options, Mirrors, Reporter);

    public static byte[] RandomBytes(int length, int seed = 1)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public static ExpectedContent Expect(byte[] body) => new(body.Length, new Digest(SHA256.HashData(body)), null);

    public static Md5Digest Md5(byte[] body)
    {
        using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        md5.AppendData(body);
        return new Md5Digest(md5.GetCurrentHash());
    }

    /// <summary>A URL of the server that holds secrets.</summary>
    public static string SecretUrl(FlakyServer server, string name) =>
        SecretPrefix(server) + name + $"?X-Amz-Signature={Secret}";

    public static string SecretPrefix(FlakyServer server) => SecretPrefix(server.Scheme, server.Authority);

    public static string SecretPrefix(string scheme, string authority) =>
        $"{scheme}://me:{Secret}@{authority}/t/{Secret}/channel/";

    /// <summary>The prefix <c>https://channel.example</c> served by these instead, in this order.</summary>
    public static MirrorMap MirroredBy(params string[] prefixes) => new([new("https://channel.example", prefixes)]);

    public const string MirroredUrl = "https://channel.example/file.conda";

    public Task<FetchedContent> FetchAsync(
        string name,
        ExpectedContent expected,
        IFetchTarget target,
        Stream? prefix = null
    ) => FetchUrlAsync(SecretUrl(Server, name), expected, target, prefix);

    public async Task<FetchedContent> FetchUrlAsync(
        string url,
        ExpectedContent expected,
        IFetchTarget target,
        Stream? prefix = null
    )
    {
        var request = new FetchRequest
        {
            Url = url,
            Name = "file.conda",
            Expected = expected,
            Prefix = prefix,
        };
        // A download that hangs ends the test as cancelled, not the run.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        try
        {
            return await Fetcher.FetchAsync(request, target, limit.Token);
        }
        catch (PackhorseException error)
        {
            // The stack trace too, and all causes.
            Assert.DoesNotContain(Secret, error.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain(Secret, error.Hint ?? "", StringComparison.Ordinal);
            throw;
        }
        finally
        {
            foreach (string message in Reporter.Messages.Concat(Fetcher.Report.Incidents.Select(i => i.ToString())))
            {
                Assert.DoesNotContain(Secret, message, StringComparison.Ordinal);
            }
        }
    }

    /// <summary>Fetches what must fail.</summary>
    public async Task<TException> FailAsync<TException>(string code, string name, ExpectedContent expected)
        where TException : PackhorseException
    {
        var error = await Assert.ThrowsAsync<TException>(() => FetchAsync(name, expected, new MemoryTarget()));
        Assert.Equal(code, error.Code);
        Assert.Contains("'file.conda'", error.Message, StringComparison.Ordinal);
        return error;
    }

    /// <summary>As "kind x count" of the only host.</summary>
    public string[] Incidents() =>
        [.. Fetcher.Report.Incidents.Select(incident => $"{incident.Kind} x {incident.Count}")];

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        if (_fetcher is not null)
        {
            await _fetcher.DisposeAsync();
        }
    }
}

/// <summary>Keeps the bytes, and holds the fetcher to the contract of <see cref="IFetchTarget"/>.</summary>
internal sealed class MemoryTarget(byte[]? prefix = null) : IFetchTarget
{
    private readonly List<byte> _bytes = [.. prefix ?? []];
    private bool _begun;

    public byte[] Bytes => [.. _bytes];

    public int Restarts { get; private set; }

    /// <summary>What Begin said last.</summary>
    public long? Total { get; private set; }

    public void Begin(long? totalLength)
    {
        Assert.False(_begun, "Begin came twice without a Restart");
        _begun = true;
        Total = totalLength;
    }

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        Assert.True(_begun, "Write came before Begin");
        Assert.Equal(_bytes.Count, offset);
        _bytes.AddRange(bytes);
    }

    public void Restart()
    {
        _bytes.Clear();
        _begun = false;
        Restarts++;
    }
}

internal sealed class RecordingReporter : IReporter
{
    private long _bytes;

    public ConcurrentQueue<string> Messages { get; } = [];

    /// <summary>The sum of all advances.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    public void BeginStage(string stage, int items, long bytes) { }

    public void Advance(long bytes) => Interlocked.Add(ref _bytes, bytes);

    public void ItemDone(string item) { }

    public void Warn(string message) => Messages.Enqueue(message);

    public void Detail(string message) => Messages.Enqueue(message);
}
