using Packhorse.Codecs.Interop;

namespace Packhorse.Codecs;

/// <summary>
/// Compresses blocks to one zstd frame each (RFC 8878). The same bytes and level give the same frame. Not thread-safe.
/// </summary>
public sealed unsafe class ZstdCompressor : IDisposable
{
    /// <summary>What zstd itself offers as its fast and strong ends, negative levels left aside.</summary>
    public const int LowestLevel = 1;

    /// <inheritdoc cref="LowestLevel"/>
    public const int HighestLevel = 22;

    private readonly int _level;
    private void* _context;

    public ZstdCompressor(int level)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(level, LowestLevel);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(level, HighestLevel);
        _level = level;
        _context = LibZstd.ZSTD_createCCtx();
        if (_context is null)
        {
            throw new InsufficientMemoryException("no memory for a zstd encoder");
        }
    }

    ~ZstdCompressor() => Free();

    /// <summary>Bytes that a frame of so many bytes can never exceed.</summary>
    public static int Bound(int size) => (int)LibZstd.ZSTD_compressBound((nuint)size);

    /// <param name="destination">At least <see cref="Bound"/> bytes.</param>
    /// <returns>Bytes of the frame.</returns>
    public int Compress(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        ObjectDisposedException.ThrowIf(_context is null, this);
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, Bound(source.Length));
        fixed (byte* from = source)
        fixed (byte* to = destination)
        {
            nuint count = LibZstd.ZSTD_compressCCtx(
                _context,
                to,
                (nuint)destination.Length,
                from,
                (nuint)source.Length,
                _level
            );
            return LibZstd.ZSTD_isError(count) == 0
                ? (int)count
                : throw new InvalidOperationException($"zstd: {LibZstd.ErrorName(count)}");
        }
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (_context is not null)
        {
            _ = LibZstd.ZSTD_freeCCtx(_context);
            _context = null;
        }
    }
}
