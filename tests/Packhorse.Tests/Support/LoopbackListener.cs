using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Packhorse.Tests.Support;

/// <summary>
/// Waits on loopback for clients of HTTP/1.1. On raw sockets, so that a refusal comes before the body and a cut is a cut. Each conversation
/// is a task of its own, and all have ended when this is disposed of.
/// </summary>
internal sealed class LoopbackListener : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Task> _conversations = [];
    private readonly Func<Socket, CancellationToken, Task> _converse;
    private readonly Task _accepting;

    /// <param name="converse">Gets each socket, which is closed when it returns. That the client has gone is no failure.</param>
    public LoopbackListener(Func<Socket, CancellationToken, Task> converse)
    {
        _converse = converse;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Authority => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <returns>Null when the client has ended.</returns>
    public static async Task<FlakyRequest?> ReadHeadAsync(Stream stream, CancellationToken cancellation)
    {
        var head = new List<byte>();
        var one = new byte[1];
        while (!head.TakeLast(4).SequenceEqual("\r\n\r\n"u8.ToArray()))
        {
            if (await stream.ReadAsync(one, cancellation) == 0)
            {
                return null;
            }
            head.Add(one[0]);
        }
        string[] lines = Encoding.ASCII.GetString([.. head]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        return new FlakyRequest(
            lines[0].Split(' ')[0],
            lines[0].Split(' ')[1],
            lines
                .Skip(1)
                .Select(line => line.Split(':', 2))
                .ToDictionary(pair => pair[0].Trim(), pair => pair[1].Trim(), StringComparer.OrdinalIgnoreCase)
        );
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        _listener.Stop();
        await Task.WhenAll(_conversations);
        _stop.Dispose();
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _conversations.Add(ConverseAsync(await _listener.AcceptSocketAsync(_stop.Token)));
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
                await _converse(socket, _stop.Token);
            }
        }
        catch (Exception error)
            when (error is IOException or OperationCanceledException or SocketException or ObjectDisposedException
                || error is System.Security.Authentication.AuthenticationException
            )
        {
            // The client has gone, or the end of the test.
        }
    }
}
