using Packhorse.Codecs.Interop;
using Packhorse.Model;

namespace Packhorse.Codecs;

/// <summary>Decompresses zstd (RFC 8878): any number of frames, windows up to <see cref="Limits.ZstdWindowLog"/>.</summary>
public sealed unsafe class ZstdStream : DecoderStream
{
    private void* _context;
    private bool _insideFrame;

    public ZstdStream(Stream source, string where)
        : base(source, where)
    {
        _context = LibZstd.ZSTD_createDCtx();
        if (_context is null)
        {
            throw new InsufficientMemoryException("no memory for a zstd decoder");
        }
        _ = LibZstd.ZSTD_DCtx_setParameter(_context, LibZstd.ZSTD_d_windowLogMax, Limits.ZstdWindowLog);
    }

    ~ZstdStream() => Free();

    protected override bool AtBoundary => !_insideFrame;

    protected override void Decode(ReadOnlySpan<byte> source, Span<byte> destination, out int consumed, out int written)
    {
        fixed (byte* from = source)
        fixed (byte* to = destination)
        {
            var input = new LibZstd.Buffer { Start = from, Size = (nuint)source.Length };
            var output = new LibZstd.Buffer { Start = to, Size = (nuint)destination.Length };
            if (source.IsEmpty && !_insideFrame)
            {
                consumed = written = 0;
                return;
            }
            nuint result = LibZstd.ZSTD_decompressStream(_context, &output, &input);
            if (LibZstd.ZSTD_isError(result) != 0)
            {
                throw new CorruptDataException(
                    ErrorCodes.Malformed,
                    $"{Where}: damaged zstd data: {LibZstd.ErrorName(result)}"
                );
            }
            // 0: a frame is complete and all of it has been given out.
            _insideFrame = result != 0;
            consumed = (int)input.Position;
            written = (int)output.Position;
        }
    }

    protected override void Dispose(bool disposing)
    {
        Free();
        base.Dispose(disposing);
    }

    private void Free()
    {
        void* context = _context;
        _context = null;
        if (context is not null)
        {
            _ = LibZstd.ZSTD_freeDCtx(context);
        }
    }
}
