using System.Collections.Concurrent;
using System.Globalization;
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
/// A federation of one server on loopback that can be written to: discovery, director and origin.
/// </summary>
internal sealed class TestOrigin : IAsyncDisposable
{
    private const string DirectorPath = "/director";

    private readonly ConcurrentQueue<FlakyRequest> _requests = new();
    private readonly LoopbackListener _listener;

    public TestOrigin() => _listener = new LoopbackListener(ConverseAsync);

    public string Authority => _listener.Authority;

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

    public ValueTask DisposeAsync() => _listener.DisposeAsync();

    private async Task ConverseAsync(Socket socket, CancellationToken cancellation)
    {
        await using var stream = new NetworkStream(socket);
        if (await LoopbackListener.ReadHeadAsync(stream, cancellation) is not { } request)
        {
            return;
        }
        _requests.Enqueue(request);
        await AnswerAsync(request, stream, cancellation);
        // What is still on its way to here would make the end a reset, and the answer be lost.
        socket.Shutdown(SocketShutdown.Send);
        var rest = new byte[1 << 16];
        while (request.Method == "PUT" && await stream.ReadAsync(rest, cancellation) > 0) { }
    }

    private Task AnswerAsync(FlakyRequest request, NetworkStream stream, CancellationToken cancellation)
    {
        string path = request.Path.Split('?')[0];
        return path == "/.well-known/pelican-configuration"
                ? SendAsync(
                    stream,
                    200,
                    $"{{\"director_endpoint\": \"http://{Authority}{DirectorPath}\"}}",
                    [],
                    cancellation
                )
            : path.StartsWith(DirectorPath, StringComparison.Ordinal)
                ? DirectAsync(request, path[DirectorPath.Length..], stream, cancellation)
            : request.Method switch
            {
                "PUT" => StoreAsync(request, path, stream, cancellation),
                "PROPFIND" => ListAsync(path, stream, cancellation),
                _ => GiveAsync(request, path, stream, cancellation),
            };
    }

    private Task DirectAsync(FlakyRequest request, string path, NetworkStream stream, CancellationToken cancellation)
    {
        bool isPut = request.Method == "PUT";
        int? refusal =
            isPut ? DirectorRefusesPut
            : request.Method == "PROPFIND" ? (Lists ? null : 405)
            : Objects.ContainsKey(path) ? null
            : 404;
        string to = (isPut ? DirectorLeadsTo : null) ?? $"http://{Authority}{path}";
        return refusal is { } status
            ? SendAsync(stream, status, "", ["Server: pelican/7.26.0"], cancellation)
            : SendAsync(
                stream,
                307,
                "",
                ["Server: pelican/7.26.0", $"Location: {to}", .. DirectorHeaders],
                cancellation
            );
    }

    private async Task StoreAsync(
        FlakyRequest request,
        string path,
        NetworkStream stream,
        CancellationToken cancellation
    )
    {
        PutAnswer answer = Puts.TryDequeue(out PutAnswer? next) ? next : new PutAnswer();
        bool isAllowed = Token is null || request["Authorization"] == $"Bearer {Token}";
        if (!isAllowed || answer.Refusal is not null)
        {
            await SendAsync(stream, answer.Refusal ?? 403, "", answer.Headers, cancellation);
            return;
        }
        if (request["Expect"] is not null)
        {
            await stream.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray(), cancellation);
        }
        var body = new byte[int.Parse(request["Content-Length"]!, CultureInfo.InvariantCulture)];
        int length = Math.Min(answer.CutAfter ?? body.Length, body.Length);
        int got = await stream.ReadAtLeastAsync(
            body.AsMemory(0, length),
            length,
            throwOnEndOfStream: false,
            cancellation
        );
        if (answer.Damages)
        {
            body[0] ^= 1;
        }
        Objects[path] = body[..got];
        if (answer.CutAfter is null && got == body.Length)
        {
            await SendAsync(stream, 201, "", [], cancellation);
        }
    }

    private async Task GiveAsync(
        FlakyRequest request,
        string path,
        NetworkStream stream,
        CancellationToken cancellation
    )
    {
        if (!Objects.TryGetValue(path, out byte[]? body))
        {
            await SendAsync(stream, 404, "", [], cancellation);
            return;
        }
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {body.Length}\r\n\r\n"),
            cancellation
        );
        if (request.Method == "GET")
        {
            await stream.WriteAsync(body, cancellation);
        }
    }

    // As XRootD writes it.
    private Task ListAsync(string path, NetworkStream stream, CancellationToken cancellation)
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
                + "</D:multistatus>\n",
            [],
            cancellation
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

    private async Task SendAsync(
        NetworkStream stream,
        int status,
        string body,
        string[] headers,
        CancellationToken cancellation
    )
    {
        string[] lines =
        [
            $"HTTP/1.1 {status} Whatever",
            "Connection: close",
            $"Content-Length: {Encoding.UTF8.GetByteCount(body)}",
            .. headers,
        ];
        await stream.WriteAsync(Encoding.UTF8.GetBytes(string.Join("\r\n", lines) + "\r\n\r\n" + body), cancellation);
    }
}
