using System.IO.Compression;
using Packhorse.Model;

namespace Packhorse.Codecs;

/// <summary>One member of a zip archive.</summary>
public sealed record ZipMember
{
    internal const ushort Stored = 0;
    internal const ushort Deflated = 8;

    /// <summary>As written, not checked.</summary>
    public required string Name { get; init; }

    internal ushort Method { get; init; }

    /// <summary>Bytes in the archive.</summary>
    public long CompressedSize { get; init; }

    /// <summary>Bytes of the content.</summary>
    public long Size { get; init; }

    /// <summary>Where the member's local header is.</summary>
    internal long HeaderOffset { get; init; }

    /// <summary>Unix permission bits of the external attributes; 0 where the archive was made elsewhere.</summary>
    public int Mode { get; init; }

    /// <summary>Seconds since 1970, the archive's time taken for UTC; known where the member was found by the directory.</summary>
    public long Modified { get; init; }

    // What is inside is decompressed once more.
    private bool HoldsCompressed => Name.EndsWith(".zst", StringComparison.Ordinal);

    /// <summary>Wraps the bytes of the archive so that the content comes out.</summary>
    /// <exception cref="CorruptDataException">The compression method is none that packages use.</exception>
    internal Stream Decompress(Stream compressed, string where) =>
        Method switch
        {
            Stored => compressed,
            Deflated => new InflateStream(compressed, where, HoldsCompressed),
            _ => throw new CorruptDataException(
                ErrorCodes.Malformed,
                $"{where}: {EntryPath.Quote(Name)} uses zip compression method {Method}, which no package should"
            ),
        };

    /// <summary>The base class library's inflater with its exceptions translated.</summary>
    private sealed class InflateStream : ReadOnlyStream
    {
        private readonly CountingStream _compressed;
        private readonly DeflateStream _inflater;
        private readonly string _where;
        private readonly (long Floor, long Ratio) _limit;
        private long _bytesOut;

        public InflateStream(Stream compressed, string where, bool holdsCompressed)
        {
            _compressed = new CountingStream(compressed);
            _inflater = new DeflateStream(_compressed, CompressionMode.Decompress, leaveOpen: true);
            _where = where;
            _limit = holdsCompressed
                ? (Limits.RecompressionFloor, Limits.RecompressionRatio)
                : (Limits.DecompressionFloor, Limits.DecompressionRatio);
        }

        public override int Read(Span<byte> buffer)
        {
            int count = Inflate(buffer);
            _bytesOut += count;
            if (_bytesOut > _limit.Floor && _bytesOut / _limit.Ratio > _compressed.Count)
            {
                throw new CorruptDataException(
                    ErrorCodes.LimitExceeded,
                    $"{_where}: {_compressed.Count:N0} deflated bytes grew to {_bytesOut:N0}, more than {_limit.Ratio:N0} times"
                );
            }
            return count;
        }

        private int Inflate(Span<byte> buffer)
        {
            try
            {
                return _inflater.Read(buffer);
            }
            catch (InvalidDataException error)
            {
                throw new CorruptDataException(ErrorCodes.Malformed, $"{_where}: damaged deflate data", error);
            }
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _inflater.Dispose();
            }
            base.Dispose(disposing);
        }
    }
}
