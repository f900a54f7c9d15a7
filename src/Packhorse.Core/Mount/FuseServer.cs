using System.Runtime.Versioning;
using Packhorse.Os;

namespace Packhorse.Mount;

/// <summary>Serves a tree on a device, by several threads that share nothing but the tree.</summary>
[SupportedOSPlatform("linux")]
internal sealed class FuseServer : IDisposable
{
    private const int MostThreads = 4;

    // The kernel wants room for at least 8 KiB; no request to a read-only file system is longer than one that forgets many nodes.
    private const int RequestBytes = 64 << 10;

    private const int StackBytes = 256 << 10;

    private readonly FuseResponder _responder;
    private readonly FuseDevice _device;
    private readonly int _threads;
    private readonly ManualResetEventSlim _connected = new();
    private readonly ManualResetEventSlim _ended = new();

    /// <param name="device">Owned from now on.</param>
    public FuseServer(FuseResponder responder, FuseDevice device, int processors)
    {
        _responder = responder;
        _device = device;
        _threads = Math.Clamp(processors, 2, MostThreads);
    }

    /// <summary>Begins to serve. To be called after mounting: until then there is no first request.</summary>
    public void Start() => StartThread(_device, isFirst: true);

    /// <summary>Waits for the kernel's first request, which comes with the mount.</summary>
    /// <returns>False when the file system was taken away instead.</returns>
    public bool WaitConnected(TimeSpan timeout) => _connected.Wait(timeout) && _responder.IsConnected;

    /// <summary>Waits until the file system is no longer mounted.</summary>
    public void WaitEnded() => _ended.Wait();

    public void Dispose() => _device.Dispose();

    private void StartThread(FuseDevice device, bool isFirst)
    {
        var thread = new Thread(() => Serve(device, isFirst), StackBytes) { IsBackground = true };
        thread.Start();
    }

    private void Serve(FuseDevice device, bool isFirst)
    {
        using var request = new AnonymousMemory(RequestBytes);
        // The kernel gives pages as they are touched, so that a thread that never reads much never has much.
        using var answer = new AnonymousMemory(FuseResponder.MostAnswerBytes);
        int received;
        while ((received = device.Read(request.Span)) != FuseDevice.Ended)
        {
            if (received == FuseDevice.Nothing)
            {
                continue;
            }
            int length = _responder.Answer(request.Span[..received], answer.Span);
            if (length > 0)
            {
                device.Write(answer.Span[..length]);
            }
            if (isFirst && !_connected.IsSet && _responder.IsConnected)
            {
                StartOthers();
                _connected.Set();
            }
        }
        _connected.Set();
        _ended.Set();
    }

    private void StartOthers()
    {
        for (int i = 1; i < _threads; i++)
        {
            // Where a device cannot be had again, threads read one and the same.
            StartThread(_device.Clone() ?? _device, isFirst: false);
        }
    }
}
