using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Packhorse.Bench.Measure;

namespace Packhorse.Bench;

/// <summary>
/// Fetching a file from a federation whose caches cut every connection and refuse every fourth request: what that costs over the bytes
/// themselves. A director of our own names all three caches and the origin, which fail alike.
/// </summary>
internal sealed class FederationBenchmark(string scratch, TextWriter output)
{
    private const int Servers = 4;
    private const long FileBytes = 1_000_000_000;

    // No connection lives longer.
    private const int MostBytes = 24 << 20;

    public void Run()
    {
        string served = Path.Combine(scratch, "served", "ns");
        Directory.CreateDirectory(served);
        string name = MakeFile(served);
        CuttingServer[] servers =
        [
            .. Enumerable
                .Range(1, Servers)
                .Select(seed => new CuttingServer(Path.Combine(scratch, "served"), MostBytes, seed)
                {
                    RefusesEvery = 4,
                }),
        ];
        using var director = new BenchDirector([.. servers.Select(server => server.Url)]);
        string fetched = Path.Combine(scratch, "fetched.tar");
        Measurement cost = MeasuredProcess.Run([
            Programs.Packhorse,
            "fetch",
            $"pelican://federation.example/ns/{name}",
            "--federation",
            director.Url,
            "-o",
            fetched,
            "-q",
        ]);
        bool equal = MeasuredProcess.Run([Programs.Find("cmp"), Path.Combine(served, name), fetched]).ExitCode == 0;
        output.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"- {FileBytes / 1e6:0} MB from {Servers} servers that each cut every connection before 24 MiB and refuse every fourth request ({servers.Sum(one => one.Cuts)} cuts, {servers.Sum(one => one.Refused)} refusals, every server asked: {servers.All(one => one.Sent > 0)}): {(double)servers.Sum(one => one.Sent) / FileBytes:0.0000} x sent in {cost.Wall.TotalSeconds:0.0} s, {cost.PeakTotal / 1e6:0} MB of memory, exit code {cost.ExitCode}; cmp with what was served: {(equal ? "equal" : "DIFFERENT")}"
            )
        );
        foreach (CuttingServer server in servers)
        {
            server.Dispose();
        }
    }

    // Of what no codec could shorten, named by its content.
    private static string MakeFile(string directory)
    {
        string temporary = Path.Combine(directory, "temporary");
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var random = new Random(1);
        var block = new byte[1_000_000];
        using (FileStream file = File.Create(temporary))
        {
            for (long written = 0; written < FileBytes; written += block.Length)
            {
                random.NextBytes(block);
                hash.AppendData(block);
                file.Write(block);
            }
        }
        string name = $"environment-{Convert.ToHexStringLower(hash.GetHashAndReset())}.tar";
        File.Move(temporary, Path.Combine(directory, name));
        return name;
    }

    /// <summary>Discovery and director: every server has everything.</summary>
    private sealed class BenchDirector : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly string[] _servers;

        public BenchDirector(string[] servers)
        {
            _servers = servers;
            _listener.Start();
            new Thread(Accept) { IsBackground = true }.Start();
        }

        public string Url => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

        public void Dispose() => _listener.Stop();

        private void Accept()
        {
            try
            {
                while (true)
                {
                    using Socket connection = _listener.AcceptSocket();
                    using var stream = new NetworkStream(connection);
                    using var reader = new StreamReader(stream, Encoding.ASCII);
                    string path = (reader.ReadLine() ?? "").Split(' ')[1];
                    while (reader.ReadLine() is { Length: > 0 })
                    {
                        // Nothing of the head matters.
                    }
                    stream.Write(Encoding.ASCII.GetBytes(Answer(path)));
                }
            }
            catch (Exception error) when (error is SocketException or IOException)
            {
                // Stopped.
            }
        }

        private string Answer(string path)
        {
            if (path.StartsWith("/.well-known/", StringComparison.Ordinal))
            {
                string json = $"{{\"director_endpoint\": \"{Url}\"}}";
                return $"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {json.Length}\r\n\r\n{json}";
            }
            string links = string.Join(
                ", ",
                _servers.Select((server, i) => $"<{server}{path}>; rel=\"duplicate\"; pri={i + 1}")
            );
            return "HTTP/1.1 307 Temporary Redirect\r\nServer: pelican/7\r\nConnection: close\r\nContent-Length: 0\r\n"
                + $"Location: {_servers[0]}{path}\r\nLink: {links}\r\n\r\n";
        }
    }
}
