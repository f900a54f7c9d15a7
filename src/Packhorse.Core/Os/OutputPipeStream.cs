using System.Runtime.Versioning;
using Packhorse.Model;
using Packhorse.Os.Interop;

namespace Packhorse.Os;

/// <summary>
/// Standard output for data. Unlike the console's stream it says when nobody reads any more: a pack that was cut off must not count as
/// written.
/// </summary>
[SupportedOSPlatform("linux")]
public sealed unsafe class OutputPipeStream : Stream
{
    private const string Name = "standard output";

    private readonly CancellationToken _interrupted;
    private readonly bool _owned;
    private int _fd;

    private OutputPipeStream(int fd, bool owned, CancellationToken interrupted)
    {
        _fd = fd;
        _owned = owned;
        _interrupted = interrupted;
    }

    /// <exception cref="SystemRefusedException">The process was started without it.</exception>
    public static OutputPipeStream StandardOutput(CancellationToken interrupted)
    {
        const int Fd = StandardDescriptors.Output;
        StandardDescriptors.Require(Fd, Name);
        if (LibC.fcntl(Fd, LibC.F_GETPIPE_SZ, 0) > 0)
        {
            // Opened anew, a pipe can be made non-blocking for this process alone.
            fixed (byte* path = "/proc/self/fd/1\0"u8)
            {
                int own = LibC.openat(LibC.AT_FDCWD, path, LibC.O_WRONLY | LibC.O_NONBLOCK | LibC.O_CLOEXEC, 0);
                if (own >= 0)
                {
                    return new OutputPipeStream(own, owned: true, interrupted);
                }
            }
        }
        return new OutputPipeStream(Fd, owned: false, interrupted);
    }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <exception cref="SystemRefusedException">Nobody reads any more, or the disk is full.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(_fd < 0, this);
        while (!buffer.IsEmpty)
        {
            Polling.Wait(_fd, LibC.POLLOUT, _interrupted);
            fixed (byte* start = buffer)
            {
                nint count = LibC.write(_fd, start, (nuint)buffer.Length);
                if (count >= 0)
                {
                    buffer = buffer[(int)count..];
                    continue;
                }
            }
            Polling.ThrowUnlessTransient("write to", Name);
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush() { }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        int fd = Interlocked.Exchange(ref _fd, -1);
        if (_owned && fd >= 0)
        {
            _ = LibC.close(fd);
        }
        base.Dispose(disposing);
    }
}
