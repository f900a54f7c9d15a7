using Packhorse.Model;
using SharpCompress.Compressors;

namespace Packhorse.Codecs;

/// <summary>Decompresses bzip2: any number of streams one after the other, as parallel compressors write them.</summary>
public sealed class Bzip2Stream : ReadOnlyStream
{
    private readonly CountingStream _source;
    private readonly string _where;
    private SharpCompress.Compressors.BZip2.BZip2Stream? _decoder;
    private long _bytesOut;

    public Bzip2Stream(Stream source, string where)
    {
        _source = new CountingStream(new BufferedStream(source, 64 << 10));
        _where = where;
    }

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty)
        {
            return 0;
        }
        int count = Decode(buffer);
        _bytesOut += count;
        if (_bytesOut > Limits.DecompressionFloor && _bytesOut / Limits.DecompressionRatio > _source.Count)
        {
            throw new CorruptDataException(
                ErrorCodes.LimitExceeded,
                $"{_where}: {_source.Count:N0} compressed bytes grew to {_bytesOut:N0}, more than {Limits.DecompressionRatio:N0} times"
            );
        }
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _decoder?.Dispose();
        }
        base.Dispose(disposing);
    }

    private int Decode(Span<byte> buffer)
    {
        try
        {
            _decoder ??= SharpCompress.Compressors.BZip2.BZip2Stream.Create(
                _source,
                CompressionMode.Decompress,
                decompressConcatenated: true,
                leaveOpen: true
            );
            return _decoder.Read(buffer);
        }
        // The library throws whatever its state machine runs into on damaged input.
        catch (Exception error) when (error is not PackhorseException and not OutOfMemoryException)
        {
            throw new CorruptDataException(
                ErrorCodes.Malformed,
                $"{_where}: damaged bzip2 data: {error.Message}",
                error
            );
        }
    }
}
