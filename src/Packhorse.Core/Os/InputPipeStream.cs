using System.Runtime.Versioning;
using Packhorse.Model;
using Packhorse.Os.Interop;

namespace Packhorse.Os;

/// <summary>
/// A pipe, a device or standard input, read as its bytes come. Waiting for them ends when the process is interrupted: a read that
/// blocks in the kernel would not.
/// </summary>
[SupportedOSPlatform("linux")]
public sealed unsafe class InputPipeStream : ReadOnlyStream
{
    private readonly string _name;
    private readonly CancellationToken _interrupted;
    private readonly bool _owned;
    private int _fd;

    private InputPipeStream(int fd, bool owned, string name, CancellationToken interrupted)
    {
        _fd = fd;
        _owned = owned;
        _name = name;
        _interrupted = interrupted;
    }

    /// <exception cref="SystemRefusedException">The process was started without it.</exception>
    public static InputPipeStream StandardInput(CancellationToken interrupted)
    {
        StandardDescriptors.Require(StandardDescriptors.Input, "standard input");
        return new InputPipeStream(StandardDescriptors.Input, owned: false, "standard input", interrupted);
    }

    /// <summary>Opens what is no regular file, such as the <c>&lt;(…)</c> of a shell. A writer need not be there yet.</summary>
    public static InputPipeStream Open(string path, CancellationToken interrupted)
    {
        fixed (byte* name = NativePath.Encode(path, stackalloc byte[NativePath.ScratchBytes]))
        {
            int fd = LibC.openat(LibC.AT_FDCWD, name, LibC.O_RDONLY | LibC.O_NONBLOCK | LibC.O_CLOEXEC, 0);
            return fd >= 0
                ? new InputPipeStream(fd, owned: true, path, interrupted)
                : throw SystemErrors.LastError("open", path);
        }
    }

    public override int Read(Span<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(_fd < 0, this);
        while (!buffer.IsEmpty)
        {
            Polling.Wait(_fd, LibC.POLLIN, _interrupted);
            fixed (byte* start = buffer)
            {
                nint count = LibC.read(_fd, start, (nuint)buffer.Length);
                if (count >= 0)
                {
                    return (int)count;
                }
            }
            Polling.ThrowUnlessTransient("read", _name);
        }
        return 0;
    }

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
