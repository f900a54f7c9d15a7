using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Packhorse.EndToEnd.Federation;

/// <summary>
/// Discovery and director of a federation whose only cache and only origin are <see cref="StorageServers"/>. Who asks for
/// <c>?directread</c>, writes or lists is sent to the origin, all others to the cache.
/// </summary>
internal sealed class Director : IDisposable
{
    private const int Port = 18443;
    private readonly Socket _socket;
    private readonly string _objects;

    public Director(StorageServers servers)
    {
        _objects = servers.Objects;
        _socket = servers.MakeSocket();
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, Port));
        _socket.Listen();
        new Thread(Accept) { IsBackground = true, Name = "director" }.Start();
    }

    /// <summary>As <c>--federation</c> takes it.</summary>
    public static string Url => $"http://127.0.0.1:{Port}";

    public void Dispose() => _socket.Dispose();

    private void Accept()
    {
        try
        {
            while (true)
            {
                using Socket connection = _socket.Accept();
                Serve(connection);
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The end of the tests.
        }
    }

    private void Serve(Socket connection)
    {
        try
        {
            using var stream = new NetworkStream(connection);
            using var reader = new StreamReader(stream, Encoding.ASCII);
            string[] words = (reader.ReadLine() ?? "").Split(' ');
            while (reader.ReadLine() is { Length: > 0 })
            {
                // Nothing of the head matters.
            }
            (string status, string[] headers, string body) =
                words.Length < 2 ? ("400 Bad Request", [], "") : Answer(words[0], words[1]);
            string[] lines =
            [
                $"HTTP/1.1 {status}",
                "Server: pelican/7.26.0",
                "Connection: close",
                $"Content-Length: {body.Length}",
                .. headers,
            ];
            stream.Write(Encoding.ASCII.GetBytes(string.Join("\r\n", lines) + "\r\n\r\n" + body));
        }
        catch (IOException)
        {
            // Who asked has gone.
        }
    }

    private (string Status, string[] Headers, string Body) Answer(string method, string target)
    {
        string[] parts = target.Split('?', 2);
        if (parts[0] == "/.well-known/pelican-configuration")
        {
            return ("200 OK", ["Content-Type: application/json"], $"{{\"director_endpoint\": \"{Url}\"}}");
        }
        bool isRead = method is "GET" or "HEAD";
        if (!parts[0].StartsWith("/chtc/", StringComparison.Ordinal) || (isRead && !IsStored(parts[0])))
        {
            return ("404 Not Found", [], "");
        }
        bool direct = !isRead || (parts.Length > 1 && parts[1].Split('&').Contains("directread"));
        int port = direct ? StorageServers.OriginPort : StorageServers.CachePort;
        string server = $"http://127.0.0.1:{port}{target}";
        return (
            "307 Temporary Redirect",
            [
                $"Location: {server}",
                $"Link: <{server}>; rel=\"duplicate\"; pri=1; depth=1",
                "X-Pelican-Namespace: namespace=/chtc, require-token=false",
            ],
            ""
        );
    }

    private bool IsStored(string path) =>
        Path.Exists(Path.Combine(_objects, Uri.UnescapeDataString(path["/chtc/".Length..])));
}
