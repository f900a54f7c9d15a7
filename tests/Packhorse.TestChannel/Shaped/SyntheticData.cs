using System.Text;

namespace Packhorse.TestChannel;

internal enum SyntheticKind
{
    /// <summary>As source files: words, indents, lines.</summary>
    Text,

    /// <summary>As machine code and its tables: short byte strings that come again, and others.</summary>
    Code,

    /// <summary>As weights, fonts, or what is compressed already.</summary>
    Random,
}

/// <summary>
/// Makes bytes that compress as real ones do, from a seed: about 500 MB/s, so that gigabytes need not be kept. The vocabulary is
/// fixed, so that files of one kind resemble each other as they do in reality.
/// </summary>
internal static class SyntheticData
{
    private const int PhraseLength = 24;
    private const int PhraseCount = 1 << 12;
    private const int ChunkSize = 1 << 16;

    private static readonly byte[] Phrases = MakePhrases();
    private static readonly byte[][] Words = MakeWords();

    /// <summary>Writes one kind throughout.</summary>
    public static void Write(Stream stream, SyntheticKind kind, long length, ulong seed)
    {
        SplitMix random = new(seed);
        byte[] chunk = new byte[ChunkSize];
        for (long left = length; left > 0; )
        {
            Span<byte> part = chunk.AsSpan(0, (int)Math.Min(left, ChunkSize));
            Fill(part, kind, ref random);
            stream.Write(part);
            left -= part.Length;
        }
    }

    /// <summary>Writes machine code with random chunks in it.</summary>
    /// <param name="randomShare">0 to 1.</param>
    public static void WriteMixed(Stream stream, long length, double randomShare, ulong seed)
    {
        SplitMix random = new(seed);
        byte[] chunk = new byte[ChunkSize];
        double owed = 0;
        for (long left = length; left > 0; )
        {
            Span<byte> part = chunk.AsSpan(0, (int)Math.Min(left, ChunkSize));
            // Evenly spread, so that a file keeps the share however short it is.
            int incompressible = (int)Math.Min(part.Length, (part.Length * randomShare) + owed);
            owed += (part.Length * randomShare) - incompressible;
            random.Fill(part[..incompressible]);
            Fill(part[incompressible..], SyntheticKind.Code, ref random);
            stream.Write(part);
            left -= part.Length;
        }
    }

    private static void Fill(Span<byte> bytes, SyntheticKind kind, ref SplitMix random)
    {
        switch (kind)
        {
            case SyntheticKind.Text:
                FillText(bytes, ref random);
                break;
            case SyntheticKind.Code:
                FillCode(bytes, ref random);
                break;
            default:
                random.Fill(bytes);
                break;
        }
    }

    private static void FillCode(Span<byte> bytes, ref SplitMix random)
    {
        while (bytes.Length >= PhraseLength)
        {
            ulong choice = random.Next();
            // The square makes some phrases common and most of them rare.
            ulong rank = (choice & 0xFFFF) * ((choice >> 16) & 0xFFFF) >> 20;
            int length = 8 + (int)(choice >> 60);
            Phrases.AsSpan((int)rank * PhraseLength, PhraseLength).CopyTo(bytes);
            if ((choice >> 40 & 3) == 0)
            {
                // An address or an operand.
                bytes[length - 1] = (byte)(choice >> 50);
            }
            bytes = bytes[length..];
        }
        random.Fill(bytes);
    }

    private static void FillText(Span<byte> bytes, ref SplitMix random)
    {
        int sinceLine = 0;
        while (!bytes.IsEmpty)
        {
            ulong choice = random.Next();
            int rank = (int)((choice & 0xFFFF) * ((choice >> 16) & 0xFFFF) >> 21);
            byte[] word = Words[rank];
            int length = Math.Min(word.Length, bytes.Length);
            word.AsSpan(0, length).CopyTo(bytes);
            bytes = bytes[length..];
            sinceLine += length;
            if (sinceLine > 30 + (int)(choice >> 58) && bytes.Length > 5)
            {
                "\n    "u8.CopyTo(bytes);
                bytes = bytes[5..];
                sinceLine = 0;
            }
        }
    }

    private static byte[] MakePhrases()
    {
        byte[] phrases = new byte[PhraseCount * PhraseLength];
        new SplitMix(1).Fill(phrases);
        return phrases;
    }

    private static byte[][] MakeWords()
    {
        SplitMix random = new(2);
        byte[][] words = new byte[1 << 11][];
        StringBuilder word = new();
        for (int index = 0; index < words.Length; index++)
        {
            word.Clear();
            for (int letters = 2 + random.Next(8); letters > 0; letters--)
            {
                word.Append("etaoinshrdlucmfwypvbgk_"[random.Next(23)]);
            }
            word.Append(
                " ,().=:\n"[
                    random.Next(100) switch
                    {
                        < 60 => 0,
                        var other => other % 8,
                    }
                ]
            );
            words[index] = Encoding.ASCII.GetBytes(word.ToString());
        }
        return words;
    }
}
