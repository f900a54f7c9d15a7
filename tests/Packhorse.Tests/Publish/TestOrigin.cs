using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Publish;

/// <summary>How one PUT is answered. As it stands: well.</summary>
internal sealed record PutAnswer
{
    /// <summary>Before the body is read, and instead of reading it.</summary>
    public int? Refusal { get; init; }

    /// <summary>Further lines of a refusal's head.</summary>
    public string[] Headers { get; init; } = [];

    /// <summary>Bytes of the body that are stored before the connection ends.</summary>
    public int? CutAfter { get; init; }

    /// <summary>A byte of what is stored is another one.</summary>
    public bool Damages { get; init; }
}

/// <summary>
/// A federation of one server on loopback that can be written to: discovery, director and origin. On raw sockets, so that a refusal
/// comes before the body and a cut is a cut.
/// </summary>
internal sealed class TestOrigin : IAsyncDisposable
{
    private const string DirectorPath = "/director";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Task> _connections = [];
    private readonly ConcurrentQueue<FlakyRequest> _requests = new();
    private readonly Task _accepting;

    public TestOrigin()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Authority => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    public Uri Discovery => new($"http://{Authority}/");

    /// <summary>By path.</summary>
    public ConcurrentDictionary<string, byte[]> Objects { get; } = new();

    /// <summary>The answers to the first PUTs; further ones are answered well.</summary>
    public ConcurrentQueue<PutAnswer> Puts { get; } = new();

    /// <summary>What the director answers to a PUT instead of redirecting it.</summary>
    public int? DirectorRefusesPut { get; set; }

    /// <summary>Where the director leads a PUT to, instead of here.</summary>
    public string? DirectorLeadsTo { get; set; }

    /// <summary>The token without which nothing can be written.</summary>
    public string? Token { get; set; }

    public bool Lists { get; set; } = true;

    /// <summary>Further lines of the director's answers.</summary>
    public string[] DirectorHeaders { get; set; } = [];

    public IReadOnlyList<FlakyRequest> Requests => [.. _requests];

    /// <summary>Requests that were asked of the origin.</summary>
    public int CountOf(string method) =>
        Requests.Count(one => one.Method == method && one.Path.StartsWith("/ns/", StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        _listener.Stop();
        await Task.WhenAll(_connections);
        _stop.Dispose();
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _connections.Add(ConverseAsync(await _listener.AcceptSocketAsync(_stop.Token)));
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException)
        {
            // The end of the test.
        }
    }

    private async Task ConverseAsync(Socket socket)
    {
        await Task.Yield();
        try
        {
            using (socket)
            {
                await using var stream = new NetworkStream(socket);
                if (await ReadHeadAsync(stream) is { } request)
                {
                    _requests.Enqueue(request);
                    await AnswerAsync(request, stream);
                    // What is still on its way to here would make the end a reset, and the answer be lost.
                    socket.Shutdown(SocketShutdown.Send);
                    var rest = new byte[1 << 16];
                    while (request.Method == "PUT" && await stream.ReadAsync(rest, _stop.Token) > 0) { }
                }
            }
        }
        catch (Exception error)
            when (error is IOException or OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The client has gone, or the end of the test.
        }
    }

    private async Task<FlakyRequest?> ReadHeadAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one, _stop.Token) == 0)
            {
                return null;
            }
            head.Append((char)one[0]);
        }
        string[] lines = head.ToString().Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        return new FlakyRequest(
            lines[0].Split(' ')[0],
            lines[0].Split(' ')[1],
            lines
                .Skip(1)
                .Select(line => line.Split(':', 2))
                .ToDictionary(pair => pair[0].Trim(), pair => pair[1].Trim(), StringComparer.OrdinalIgnoreCase)
        );
    }

    private Task AnswerAsync(FlakyRequest request, NetworkStream stream)
    {
        string path = request.Path.Split('?')[0];
        return path == "/.well-known/pelican-configuration"
                ? SendAsync(stream, 200, $"{{\"director_endpoint\": \"http://{Authority}{DirectorPath}\"}}")
            : path.StartsWith(DirectorPath, StringComparison.Ordinal)
                ? DirectAsync(request, path[DirectorPath.Length..], stream)
            : request.Method switch
            {
                "PUT" => StoreAsync(request, path, stream),
                "PROPFIND" => ListAsync(path, stream),
                _ => GiveAsync(request, path, stream),
            };
    }

    private Task DirectAsync(FlakyRequest request, string path, NetworkStream stream)
    {
        bool isPut = request.Method == "PUT";
        int? refusal =
            isPut ? DirectorRefusesPut
            : request.Method == "PROPFIND" ? (Lists ? null : 405)
            : Objects.ContainsKey(path) ? null
            : 404;
        string to = (isPut ? DirectorLeadsTo : null) ?? $"http://{Authority}{path}";
        return refusal is { } status
            ? SendAsync(stream, status, "", "Server: pelican/7.26.0")
            : SendAsync(stream, 307, "", ["Server: pelican/7.26.0", $"Location: {to}", .. DirectorHeaders]);
    }

    private async Task StoreAsync(FlakyRequest request, string path, NetworkStream stream)
    {
        PutAnswer answer = Puts.TryDequeue(out PutAnswer? next) ? next : new PutAnswer();
        bool isAllowed = Token is null || request["Authorization"] == $"Bearer {Token}";
        if (!isAllowed || answer.Refusal is not null)
        {
            await SendAsync(stream, answer.Refusal ?? 403, "", answer.Headers);
            return;
        }
        if (request["Expect"] is not null)
        {
            await stream.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray(), _stop.Token);
        }
        var body = new byte[int.Parse(request["Content-Length"]!, CultureInfo.InvariantCulture)];
        int length = Math.Min(answer.CutAfter ?? body.Length, body.Length);
        int got = await stream.ReadAtLeastAsync(
            body.AsMemory(0, length),
            length,
            throwOnEndOfStream: false,
            _stop.Token
        );
        if (answer.Damages)
        {
            body[0] ^= 1;
        }
        Objects[path] = body[..got];
        if (answer.CutAfter is null && got == body.Length)
        {
            await SendAsync(stream, 201, "");
        }
    }

    private async Task GiveAsync(FlakyRequest request, string path, NetworkStream stream)
    {
        if (!Objects.TryGetValue(path, out byte[]? body))
        {
            await SendAsync(stream, 404, "");
            return;
        }
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {body.Length}\r\n\r\n"),
            _stop.Token
        );
        if (request.Method == "GET")
        {
            await stream.WriteAsync(body, _stop.Token);
        }
    }

    // As XRootD writes it.
    private Task ListAsync(string path, NetworkStream stream)
    {
        string directory = path.TrimEnd('/');
        IEnumerable<string> entries = Objects
            .Where(pair => Path.GetDirectoryName(pair.Key) == directory)
            .Select(pair => Entry(pair.Key, pair.Value.Length, isDirectory: false))
            .Prepend(Entry($"{directory}/below", 0, isDirectory: true))
            .Prepend(Entry($"{directory}/", 0, isDirectory: true));
        return SendAsync(
            stream,
            207,
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:multistatus xmlns:D=\"DAV:\" xmlns:ns1=\"http://apache.org/dav/props/\">\n"
                + string.Concat(entries)
                + "</D:multistatus>\n"
        );
    }

    private static string Entry(string path, int size, bool isDirectory) =>
        $"""
            <D:response xmlns:lp1="DAV:" xmlns:lp2="http://apache.org/dav/props/" xmlns:lp3="LCGDM:">
            <D:href>{Uri.EscapeDataString(path).Replace("%2F", "/", StringComparison.Ordinal)}</D:href>
            <D:propstat>
            <D:prop>
            <lp1:getcontentlength>{size}</lp1:getcontentlength>
            <lp1:getlastmodified>Sun, 22 Nov 2026 10:00:00 GMT</lp1:getlastmodified>
            <lp1:resourcetype>{(isDirectory ? "<D:collection/>" : "")}</lp1:resourcetype>
            <lp1:iscollection>{(isDirectory ? 1 : 0)}</lp1:iscollection>
            <lp1:executable>F</lp1:executable>
            </D:prop>
            <D:status>HTTP/1.1 200 OK</D:status>
            </D:propstat>
            </D:response>

            """;

    private async Task SendAsync(NetworkStream stream, int status, string body, params string[] headers)
    {
        string[] lines =
        [
            $"HTTP/1.1 {status} Whatever",
            "Connection: close",
            $"Content-Length: {Encoding.UTF8.GetByteCount(body)}",
            .. headers,
        ];
        await stream.WriteAsync(Encoding.UTF8.GetBytes(string.Join("\r\n", lines) + "\r\n\r\n" + body), _stop.Token);
    }
}
