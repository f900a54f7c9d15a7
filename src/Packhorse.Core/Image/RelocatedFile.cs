namespace Packhorse.Image;

/// <summary>What stands in a piece of a relocated file.</summary>
internal enum PieceKind : byte
{
    /// <summary>What is stored from an offset on.</summary>
    Stored,

    /// <summary>The new prefix.</summary>
    Prefix,

    /// <summary>A text of the file's own, by its number.</summary>
    Text,

    /// <summary>NULs.</summary>
    Zeros,

    /// <summary>The SHA-256 of another file, by its reference.</summary>
    Sha256,
}

/// <param name="Offset">Where it begins in the relocated file; it goes to where the next one begins.</param>
/// <param name="Source">What this is depends on the kind.</param>
internal readonly record struct RelocatedPiece(long Offset, long Source, PieceKind Kind);

/// <summary>A file as it is at another prefix: pieces of what is stored, and what stands between them.</summary>
internal sealed class RelocatedFile
{
    private readonly List<RelocatedPiece> _pieces = [];
    private readonly List<byte[]> _texts = [];

    public long Size { get; private set; }

    public IReadOnlyList<RelocatedPiece> Pieces => _pieces;

    public void AddStored(long from, long to) => Add(PieceKind.Stored, from, to - from);

    public void AddPrefix(int length) => Add(PieceKind.Prefix, 0, length);

    public void AddZeros(long count) => Add(PieceKind.Zeros, 0, count);

    public void AddSha256(InodeReference of, int length) => Add(PieceKind.Sha256, (long)of.Value, length);

    public void AddText(byte[] text)
    {
        Add(PieceKind.Text, _texts.Count, text.Length);
        _texts.Add(text);
    }

    public ReadOnlySpan<byte> Text(RelocatedPiece piece) => _texts[(int)piece.Source];

    /// <summary>Where a piece ends.</summary>
    public long EndOf(int index) => index + 1 < _pieces.Count ? _pieces[index + 1].Offset : Size;

    /// <summary>The piece that an offset before the end lies in.</summary>
    public int IndexOf(long offset)
    {
        (int low, int high) = (0, _pieces.Count - 1);
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (_pieces[middle].Offset <= offset)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }
        return low;
    }

    private void Add(PieceKind kind, long source, long length)
    {
        if (length > 0)
        {
            _pieces.Add(new RelocatedPiece(Size, source, kind));
            Size += length;
        }
    }
}
