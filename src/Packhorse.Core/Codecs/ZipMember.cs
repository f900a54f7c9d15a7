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

    /// <summary>Wraps the bytes of the archive so that the content comes out.</summary>
    /// <exception cref="CorruptDataException">The compression method is none that packages use.</exception>
    internal Stream Decompress(Stream compressed, string where) =>
        Method switch
        {
            Stored => compressed,
            Deflated => new InflateStream(compressed, where),
            _ => throw new CorruptDataException(
                ErrorCodes.Malformed,
                $"{where}: {EntryPath.Quote(Name)} uses zip compression method {Method}, which no package should"
            ),
        };

    /// <summary>The base class library's inflater with its exceptions translated.</summary>
    private sealed class InflateStream(Stream compressed, string where) : ReadOnlyStream
    {
        private readonly DeflateStream _inflater = new(compressed, CompressionMode.Decompress, leaveOpen: true);

        public override int Read(Span<byte> buffer)
        {
            try
            {
                return _inflater.Read(buffer);
            }
            catch (InvalidDataException error)
            {
                throw new CorruptDataException(ErrorCodes.Malformed, $"{where}: damaged deflate data", error);
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
