using System.Collections.Concurrent;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Packhorse.Tests.Support;

/// <summary>
/// An HTTP/1.1 server on loopback that misbehaves on order and counts what it is asked and what it sends. On raw sockets, so that a
/// cut is a cut. A resource is found by the last segment of the path; what stands before is of no matter.
/// </summary>
public sealed class FlakyServer : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, FlakyResource> _resources = new();
    private readonly X509Certificate2? _certificate;
    private readonly LoopbackListener _listener;

    public FlakyServer(X509Certificate2? certificate = null)
    {
        _certificate = certificate;
        _listener = new LoopbackListener(ConverseAsync);
    }

    public string Authority => _listener.Authority;

    public string Scheme => _certificate is null ? "http" : "https";

    public string Url(string name) => $"{Scheme}://{Authority}/channel/{name}";

    /// <param name="script">The answers to the first requests, in order.</param>
    /// <param name="then">The answer to all further ones; without it they are served well.</param>
    public FlakyResource Serve(string name, byte[] body, FlakyAnswer[] script, FlakyAnswer? then = null) =>
        _resources[name] = new FlakyResource(body, script, then ?? new FlakyAnswer());

    public FlakyResource Serve(string name, byte[] body, params FlakyAnswer[] script) =>
        Serve(name, body, script, null);

    public FlakyResource ServeAlways(string name, byte[] body, FlakyAnswer answer) => Serve(name, body, [], answer);

    public ValueTask DisposeAsync() => _listener.DisposeAsync();

    private async Task ConverseAsync(Socket socket, CancellationToken cancellation)
    {
        socket.NoDelay = true;
        await using var network = new NetworkStream(socket);
        await using Stream stream = await SecureAsync(network);
        while (
            await LoopbackListener.ReadHeadAsync(stream, cancellation) is { } request
            && await AnswerAsync(request, stream, socket, cancellation)
        ) { }
    }

    private async Task<Stream> SecureAsync(NetworkStream network)
    {
        if (_certificate is null)
        {
            return network;
        }
        var secure = new SslStream(network);
        await secure.AuthenticateAsServerAsync(_certificate);
        return secure;
    }

    /// <returns>True when the connection stays open.</returns>
    private async Task<bool> AnswerAsync(
        FlakyRequest request,
        Stream stream,
        Socket socket,
        CancellationToken cancellation
    )
    {
        string name = request.Path.Split('?')[0].Split('/')[^1];
        if (!_resources.TryGetValue(name, out FlakyResource? resource))
        {
            resource = new FlakyResource([], [], new FlakyAnswer { Status = 404 });
        }
        return await resource.Take(request).SendAsync(request, resource, stream, socket, cancellation);
    }
}

/// <param name="Method">GET, HEAD, PUT.</param>
/// <param name="Path">As it was asked for, with the query.</param>
public sealed record FlakyRequest(string Method, string Path, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>The header's value, or null.</summary>
    public string? this[string header] => Headers.GetValueOrDefault(header);

    /// <summary>First byte asked for; 0 when there is no Range.</summary>
    public long From => this["Range"] is { } range ? long.Parse(range["bytes=".Length..^1]) : 0;
}

/// <summary>One thing to serve, and what became of it.</summary>
public sealed class FlakyResource(byte[] body, FlakyAnswer[] script, FlakyAnswer then)
{
    private readonly System.Threading.Lock _lock = new();
    private readonly List<FlakyRequest> _requests = [];
    private long _bytesSent;

    public byte[] Body { get; } = body;

    public IReadOnlyList<FlakyRequest> Requests
    {
        get
        {
            lock (_lock)
            {
                return [.. _requests];
            }
        }
    }

    /// <summary>Bytes of bodies, counted before they are handed to the kernel: a client that has them finds them counted.</summary>
    public long BytesSent => Interlocked.Read(ref _bytesSent);

    public FlakyAnswer Take(FlakyRequest request)
    {
        lock (_lock)
        {
            _requests.Add(request);
            return _requests.Count <= script.Length ? script[_requests.Count - 1] : then;
        }
    }

    public void AddSent(long bytes) => Interlocked.Add(ref _bytesSent, bytes);
}
