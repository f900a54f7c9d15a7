using System.Runtime.InteropServices;
using Packhorse.Codecs.Interop;
using Packhorse.Model;

namespace Packhorse.Codecs;

/// <summary>Decompresses bzip2: any number of streams one after the other, as parallel compressors write them.</summary>
public sealed unsafe class Bzip2Stream : DecoderStream
{
    // bzlib keeps a pointer to it and checks that it has not moved.
    private LibBz2.Stream* _stream = (LibBz2.Stream*)NativeMemory.AllocZeroed((nuint)sizeof(LibBz2.Stream));
    private bool _begun;
    private bool _any;

    public Bzip2Stream(Stream source, string where)
        : base(source, where) { }

    ~Bzip2Stream() => Free();

    protected override bool AtBoundary => !_begun && _any;

    protected override void Decode(ReadOnlySpan<byte> source, Span<byte> destination, out int consumed, out int written)
    {
        consumed = written = 0;
        if (source.IsEmpty && !_begun)
        {
            return;
        }
        if (!_begun)
        {
            *_stream = default;
            Check(LibBz2.BZ2_bzDecompressInit(_stream, 0, 0));
            _begun = _any = true;
        }
        fixed (byte* from = source)
        fixed (byte* to = destination)
        {
            _stream->NextIn = from;
            _stream->AvailableIn = (uint)source.Length;
            _stream->NextOut = to;
            _stream->AvailableOut = (uint)destination.Length;
            int result = LibBz2.BZ2_bzDecompress(_stream);
            consumed = source.Length - (int)_stream->AvailableIn;
            written = destination.Length - (int)_stream->AvailableOut;
            Check(result);
            if (result == LibBz2.BZ_STREAM_END)
            {
                _ = LibBz2.BZ2_bzDecompressEnd(_stream);
                _begun = false;
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        Free();
        base.Dispose(disposing);
    }

    private void Check(int result)
    {
        if (result is not (LibBz2.BZ_OK or LibBz2.BZ_STREAM_END))
        {
            throw new CorruptDataException(ErrorCodes.Malformed, $"{Where}: damaged bzip2 data (error {result})");
        }
    }

    private void Free()
    {
        if (_stream is null)
        {
            return;
        }
        if (_begun)
        {
            _ = LibBz2.BZ2_bzDecompressEnd(_stream);
            _begun = false;
        }
        NativeMemory.Free(_stream);
        _stream = null;
    }
}
