using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Packhorse.Bench;

/// <summary>
/// Serves a directory on loopback and cuts every connection after a random number of bytes. Honours Range; counts what it sent.
/// </summary>
internal sealed class CuttingServer : IDisposable
{
    private readonly string _root;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Random _random;
    private readonly int _mostBytes;
    private long _sent;
    private int _cuts;
    private int _refused;
    private int _requests;

    /// <param name="mostBytes">No connection lives longer than this.</param>
    public CuttingServer(string root, int mostBytes, int seed)
    {
        _root = root;
        _mostBytes = mostBytes;
        _random = new Random(seed);
        _listener.Start();
        new Thread(Accept) { IsBackground = true }.Start();
    }

    public string Url => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>Bytes of bodies.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    public int Cuts => Volatile.Read(ref _cuts);

    /// <summary>Cleared: every connection lives as long as its client wants.</summary>
    public bool Cutting { get; set; } = true;

    /// <summary>So many requests after the last one, one is answered by 503; 0: none.</summary>
    public int RefusesEvery { get; init; }

    public int Refused => Volatile.Read(ref _refused);

    public void Dispose() => _listener.Stop();

    private void Accept()
    {
        try
        {
            while (true)
            {
                Socket connection = _listener.AcceptSocket();
                new Thread(() => Serve(connection)) { IsBackground = true }.Start();
            }
        }
        catch (SocketException)
        {
            // Stopped.
        }
    }

    private void Serve(Socket connection)
    {
        try
        {
            using (connection)
            using (var stream = new NetworkStream(connection))
            using (var reader = new StreamReader(stream, Encoding.ASCII))
            {
                string path = Uri.UnescapeDataString((reader.ReadLine() ?? "").Split(' ')[1]);
                long start = 0;
                while (reader.ReadLine() is { Length: > 0 } header)
                {
                    if (header.StartsWith("Range: bytes=", StringComparison.OrdinalIgnoreCase))
                    {
                        start = long.Parse(header[13..].TrimEnd('-'), CultureInfo.InvariantCulture);
                    }
                }
                if (RefusesEvery > 0 && Interlocked.Increment(ref _requests) % RefusesEvery == 0)
                {
                    Interlocked.Increment(ref _refused);
                    stream.Write("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8);
                    return;
                }
                Send(stream, Path.Combine(_root, path.TrimStart('/')), start);
            }
        }
        catch (IOException)
        {
            // The client went away.
        }
    }

    private void Send(NetworkStream stream, string path, long start)
    {
        using FileStream file = File.OpenRead(path);
        long rest = file.Length - start;
        string status =
            start == 0
                ? "200 OK"
                : $"206 Partial Content\r\nContent-Range: bytes {start}-{file.Length - 1}/{file.Length}";
        stream.Write(
            Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Length: {rest}\r\nConnection: close\r\n\r\n")
        );
        file.Position = start;
        long cut;
        lock (_random)
        {
            cut = Cutting ? _random.Next(1 << 16, _mostBytes) : long.MaxValue;
        }
        var buffer = new byte[256 << 10];
        while (rest > 0 && cut > 0)
        {
            int count = file.Read(buffer, 0, (int)Math.Min(buffer.Length, Math.Min(rest, cut)));
            stream.Write(buffer, 0, count);
            Interlocked.Add(ref _sent, count);
            rest -= count;
            cut -= count;
        }
        if (rest > 0)
        {
            Interlocked.Increment(ref _cuts);
        }
    }
}
