using Packhorse.Model;

namespace Packhorse.Tests.Support;

/// <summary>As a pipe is: read once from its beginning, in pieces as large as it pleases.</summary>
/// <param name="pieces">The largest piece of each read in turn, over and over.</param>
public sealed class OneWayStream(Stream source, params int[] pieces) : ReadOnlyStream
{
    private int _reads;

    public override int Read(Span<byte> buffer)
    {
        int piece = pieces.Length == 0 ? buffer.Length : pieces[_reads++ % pieces.Length];
        return source.Read(buffer[..Math.Min(piece, buffer.Length)]);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            source.Dispose();
        }
        base.Dispose(disposing);
    }
}
