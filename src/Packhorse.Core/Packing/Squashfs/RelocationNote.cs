using System.Text;
using Packhorse.Image;
using Packhorse.Install;

namespace Packhorse.Packing.Squashfs;

/// <summary>A piece of a file of conda-meta that the prefix changes.</summary>
/// <param name="Offset">In the record as stored.</param>
/// <param name="Of">The file; null for the prefix.</param>
internal readonly record struct RecordPiece(long Offset, int Length, RecordPieceKind Kind, FileNode? Of);

/// <summary>What another prefix changes in one file, noted while it is written.</summary>
internal sealed class RelocationNote : IPrefixObserver
{
    private readonly List<long> _numbers = [];
    private int _stringStart = -1;

    public required RelocationKind Kind { get; init; }

    /// <summary>The file is none of the package's: a script for an entry point.</summary>
    public bool IsMadeHere { get; init; }

    /// <summary>Bytes of the longest prefix that fits; 0 for any.</summary>
    public int LongestPrefix { get; init; }

    /// <summary>The first line as packaged with the placeholder taken out; null where there is none to make anew.</summary>
    public byte[]? FirstLine { get; private set; }

    /// <summary>Numbers at the begin that belong to the first line.</summary>
    public int FirstLineNumbers { get; private set; }

    /// <summary>Those of text and binary files, as the format has them.</summary>
    public IReadOnlyList<long> Numbers => _numbers;

    /// <summary>Those of a record.</summary>
    public IReadOnlyList<RecordPiece> Pieces { get; init; } = [];

    /// <summary>True when any prefix gives the same file.</summary>
    public bool IsEmpty =>
        Kind != RelocationKind.ByteCode && _numbers.Count == 0 && FirstLine is null && Pieces.Count == 0;

    public void OnFirstLine(ReadOnlySpan<byte> line, ReadOnlySpan<byte> placeholder, int written)
    {
        // A short line without the placeholder stays as it is at every prefix.
        if (line.IndexOf(placeholder) < 0 && line.Length <= Shebang.ShortestLimit)
        {
            return;
        }
        var rest = new List<byte>(line.Length);
        while (line.IndexOf(placeholder) is var at and >= 0)
        {
            rest.AddRange(line[..at]);
            _numbers.Add(rest.Count);
            line = line[(at + placeholder.Length)..];
        }
        rest.AddRange(line);
        FirstLine = [.. rest];
        FirstLineNumbers = _numbers.Count;
    }

    public void OnPrefix(long offset)
    {
        if (Kind == RelocationKind.Binary)
        {
            if (_stringStart < 0)
            {
                _stringStart = _numbers.Count;
                // The string's end and the number of prefixes in it, both known when it ends.
                _numbers.Add(0);
                _numbers.Add(0);
            }
            _numbers[_stringStart + 1]++;
        }
        _numbers.Add(offset);
    }

    public void OnStringEnd(long offset)
    {
        _numbers[_stringStart] = offset;
        _stringStart = -1;
    }
}

/// <summary>Writes the relocations of an image.</summary>
internal static class RelocationTableWriter
{
    /// <param name="files">With their references; in any order.</param>
    public static byte[] Write(string bakedPrefix, IEnumerable<FileNode> files)
    {
        var entries = new MemoryStream();
        var numbers = new MemoryStream();
        var texts = new MemoryStream();
        byte[] prefix = Encoding.UTF8.GetBytes(bakedPrefix);
        texts.Write(prefix);
        int count = 0;
        foreach (FileNode file in files.OrderBy(file => file.Reference.Value))
        {
            WriteEntry(file, new BinaryWriter(entries), new BinaryWriter(numbers), texts);
            count++;
        }
        var table = new MemoryStream();
        var header = new BinaryWriter(table);
        header.Write("phreloc1"u8);
        header.Write(count);
        header.Write(prefix.Length);
        header.Write(numbers.Length / sizeof(long));
        header.Write(texts.Length);
        entries.WriteTo(table);
        numbers.WriteTo(table);
        texts.WriteTo(table);
        return table.ToArray();
    }

    private static void WriteEntry(FileNode file, BinaryWriter entries, BinaryWriter numbers, MemoryStream texts)
    {
        RelocationNote note = file.Relocation!;
        long[] own = note.Kind == RelocationKind.Record ? NumbersOf(note.Pieces) : [.. note.Numbers];
        byte[] line = note.FirstLine ?? [];
        entries.Write(file.Reference.Value);
        entries.Write((byte)note.Kind);
        entries.Write((byte)0);
        entries.Write(checked((ushort)note.LongestPrefix));
        entries.Write(note.FirstLineNumbers);
        entries.Write(numbers.BaseStream.Length / sizeof(long));
        entries.Write(own.Length);
        entries.Write(line.Length);
        entries.Write(texts.Length);
        foreach (long number in own)
        {
            numbers.Write(number);
        }
        texts.Write(line);
    }

    private static long[] NumbersOf(IReadOnlyList<RecordPiece> pieces) =>
        [
            .. pieces.SelectMany(piece =>
                new[]
                {
                    piece.Offset,
                    piece.Length,
                    ((long)(piece.Of?.Reference.Value ?? 0) << 2) | (long)(uint)piece.Kind,
                }
            ),
        ];
}
