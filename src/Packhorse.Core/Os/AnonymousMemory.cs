using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Packhorse.Model;
using Packhorse.Os.Interop;

namespace Packhorse.Os;

/// <summary>
/// Memory straight from the kernel, which is the kernel's again when it is disposed: an allocator would keep it for later.
/// </summary>
[SupportedOSPlatform("linux")]
public sealed unsafe class AnonymousMemory : IRandomAccess, IDisposable
{
    private byte* _bytes;

    public AnonymousMemory(int length)
    {
        Length = length;
        void* bytes = LibC.mmap(
            null,
            (nuint)Math.Max(1, length),
            LibC.PROT_READ | LibC.PROT_WRITE,
            LibC.MAP_PRIVATE | LibC.MAP_ANONYMOUS,
            -1,
            0
        );
        if ((nint)bytes == -1)
        {
            throw new InsufficientMemoryException(
                $"no memory for {length:N0} bytes: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}"
            );
        }
        _bytes = (byte*)bytes;
    }

    ~AnonymousMemory() => Free();

    public long Length { get; }

    /// <summary>All of it, zeros at first.</summary>
    public Span<byte> Span
    {
        get
        {
            ObjectDisposedException.ThrowIf(_bytes is null, this);
            return new Span<byte>(_bytes, (int)Length);
        }
    }

    public int Read(Span<byte> destination, long offset)
    {
        if (offset < 0 || offset >= Length)
        {
            return 0;
        }
        int count = (int)Math.Min(destination.Length, Length - offset);
        Span.Slice((int)offset, count).CopyTo(destination);
        return count;
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        byte* bytes = _bytes;
        _bytes = null;
        if (bytes is not null)
        {
            _ = LibC.munmap(bytes, (nuint)Math.Max(1, Length));
        }
    }
}
