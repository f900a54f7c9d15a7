using System.Runtime.InteropServices;
using Packhorse.Model;

namespace Packhorse.Pack;

/// <summary>A package held in memory outside the collected heap, so that its bytes are free again as soon as it is installed.</summary>
internal sealed unsafe class NativeBuffer : IRandomAccess, IDisposable
{
    private byte* _bytes;

    public NativeBuffer(int length)
    {
        _bytes = (byte*)NativeMemory.Alloc((nuint)Math.Max(1, length));
        Length = length;
    }

    ~NativeBuffer() => Free();

    public long Length { get; }

    /// <summary>All of it, to be filled.</summary>
    public Span<byte> Span => new(_bytes, (int)Length);

    public int Read(Span<byte> destination, long offset)
    {
        ObjectDisposedException.ThrowIf(_bytes is null, this);
        if (offset < 0 || offset >= Length)
        {
            return 0;
        }
        int count = (int)Math.Min(destination.Length, Length - offset);
        new ReadOnlySpan<byte>(_bytes + offset, count).CopyTo(destination);
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
        NativeMemory.Free(bytes);
    }
}
