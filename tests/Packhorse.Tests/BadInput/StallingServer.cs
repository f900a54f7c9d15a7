using System.Net;

namespace Packhorse.Tests.BadInput;

/// <summary>Serves a directory on the loopback interface: at first only the first half of each file, then it waits.</summary>
internal sealed class StallingServer : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly string _root;
    private readonly ManualResetEventSlim _resumed = new();
    private volatile bool _stalled;

    public StallingServer(string root)
    {
        _root = root;
        Url = Listen();
        new Thread(Serve) { IsBackground = true }.Start();
    }

    public string Url { get; }

    public bool HasStalled => _stalled;

    public void Resume() => _resumed.Set();

    public void Dispose()
    {
        _resumed.Set();
        _listener.Close();
    }

    private string Listen()
    {
        for (int tries = 0; ; tries++)
        {
            string url = $"http://127.0.0.1:{Random.Shared.Next(20_000, 60_000)}/";
            _listener.Prefixes.Clear();
            _listener.Prefixes.Add(url);
            try
            {
                _listener.Start();
                return url;
            }
            catch (HttpListenerException) when (tries < 20)
            {
                // Somebody else has that port.
            }
        }
    }

    private void Serve()
    {
        try
        {
            while (true)
            {
                HttpListenerContext context = _listener.GetContext();
                ThreadPool.QueueUserWorkItem(_ => Answer(context));
            }
        }
        catch (Exception closed) when (closed is HttpListenerException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private void Answer(HttpListenerContext context)
    {
        try
        {
            byte[] content = File.ReadAllBytes(Path.Combine(_root, context.Request.Url!.AbsolutePath.TrimStart('/')));
            context.Response.ContentLength64 = content.Length;
            Stream output = context.Response.OutputStream;
            if (!_resumed.IsSet)
            {
                output.Write(content, 0, content.Length / 2);
                output.Flush();
                _stalled = true;
                _resumed.Wait();
                context.Response.Abort();
                return;
            }
            output.Write(content);
            output.Close();
        }
        catch (Exception gone) when (gone is HttpListenerException or IOException or ObjectDisposedException)
        {
            // The client was interrupted, as it should be.
        }
    }
}
