using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Packhorse.Model;

/// <summary>
/// JSON as conda's Rust tools write it (serde_json's pretty printer): two blanks, "\n", raw UTF-8, only quotation mark, reverse
/// solidus and control characters escaped, no newline at the end. Needed wherever bytes must equal theirs.
/// </summary>
public static class SerdeJson
{
    public static byte[] Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var options = new JsonWriterOptions
        {
            Indented = true,
            IndentSize = 2,
            NewLine = "\n",
            Encoder = SerdeJsonEncoder.Instance,
        };
        using (var writer = new Utf8JsonWriter(buffer, options))
        {
            write(writer);
        }
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>What stands between the quotation marks of a string.</summary>
    public static byte[] InsideOfString(string text) => Write(json => json.WriteStringValue(text))[1..^1];

    private sealed unsafe class SerdeJsonEncoder : JavaScriptEncoder
    {
        public static readonly SerdeJsonEncoder Instance = new();

        private static readonly SearchValues<char> MustEscape = SearchValues.Create([
            .. Enumerable.Range(0, 0x20).Select(c => (char)c),
            '"',
            '\\',
            .. Surrogates(),
        ]);

        // "\u001f"
        public override int MaxOutputCharactersPerInputCharacter => 6;

        public override bool WillEncode(int unicodeScalar) => unicodeScalar is < 0x20 or '"' or '\\';

        // Surrogates are looked at one by one so that a lone one becomes U+FFFD instead of an exception in the writer.
        public override int FindFirstCharacterToEncode(char* text, int textLength) =>
            new ReadOnlySpan<char>(text, textLength).IndexOfAny(MustEscape);

        public override bool TryEncodeUnicodeScalar(
            int unicodeScalar,
            char* buffer,
            int bufferLength,
            out int numberOfCharactersWritten
        )
        {
            string escape = unicodeScalar switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\b' => "\\b",
                '\t' => "\\t",
                '\n' => "\\n",
                '\f' => "\\f",
                '\r' => "\\r",
                < 0x20 => $"\\u{unicodeScalar:x4}",
                _ => new Rune(unicodeScalar).ToString(),
            };
            bool fits = escape.AsSpan().TryCopyTo(new Span<char>(buffer, bufferLength));
            numberOfCharactersWritten = fits ? escape.Length : 0;
            return fits;
        }

        private static IEnumerable<char> Surrogates() => Enumerable.Range(0xD800, 0x800).Select(c => (char)c);
    }
}
