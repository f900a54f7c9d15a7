using Packhorse.Codecs.Interop;
using Packhorse.Model;

namespace Packhorse.Codecs;

/// <summary>
/// Decompresses blocks that are zstd frames of their own (RFC 8878), each in one call straight into its destination, which bounds what
/// can come of it. Thread-safe; as many decoders are kept as were in use at once.
/// </summary>
public sealed unsafe class ZstdBlocks : IDisposable
{
    private readonly System.Threading.Lock _gate = new();
    private readonly Stack<nint> _idle = new();
    private bool _disposed;

    ~ZstdBlocks() => FreeIdle();

    /// <param name="where">The block, for messages.</param>
    /// <returns>Bytes that the block became.</returns>
    /// <exception cref="CorruptDataException">The block is damaged, or does not fit into the destination.</exception>
    public int Decode(ReadOnlySpan<byte> block, Span<byte> destination, string where)
    {
        void* context = Take();
        nuint result;
        try
        {
            fixed (byte* from = block)
            fixed (byte* to = destination)
            {
                result = LibZstd.ZSTD_decompressDCtx(context, to, (nuint)destination.Length, from, (nuint)block.Length);
            }
        }
        finally
        {
            GiveBack(context);
        }
        return LibZstd.ZSTD_isError(result) == 0
            ? (int)result
            : throw new CorruptDataException(
                ErrorCodes.Malformed,
                $"{where}: damaged zstd data: {LibZstd.ErrorName(result)}"
            );
    }

    public void Dispose()
    {
        FreeIdle();
        GC.SuppressFinalize(this);
    }

    private void* Take()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_idle.TryPop(out nint idle))
            {
                return (void*)idle;
            }
        }
        void* context = LibZstd.ZSTD_createDCtx();
        return context is null ? throw new InsufficientMemoryException("no memory for a zstd decoder") : context;
    }

    private void GiveBack(void* context)
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                _idle.Push((nint)context);
                return;
            }
        }
        _ = LibZstd.ZSTD_freeDCtx(context);
    }

    private void FreeIdle()
    {
        lock (_gate)
        {
            _disposed = true;
            while (_idle.TryPop(out nint context))
            {
                _ = LibZstd.ZSTD_freeDCtx((void*)context);
            }
        }
    }
}
