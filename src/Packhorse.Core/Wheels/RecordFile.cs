using System.Buffers;
using System.Globalization;
using System.Text;
using Packhorse.Codecs;
using Packhorse.Model;

namespace Packhorse.Wheels;

/// <summary>One line of <c>RECORD</c>.</summary>
/// <param name="Path">As written.</param>
/// <param name="Sha256">Null: none is given, or by another algorithm.</param>
/// <param name="Size">Bytes; null where it is not given.</param>
public sealed record RecordEntry(string Path, Digest? Sha256, long? Size)
{
    /// <summary>SHA-512 or SHA-384, told by its length, in hexadecimal; null where there is none.</summary>
    public string? LongDigest { get; init; }
}

/// <summary><c>RECORD</c> of a wheel or an installed project: CSV of path, digest and size (PyPA "Recording installed projects").</summary>
public static class RecordFile
{
    /// <exception cref="CorruptDataException">It is no CSV of that form, or lists a path twice with different digests.</exception>
    public static IReadOnlyDictionary<string, RecordEntry> Parse(ReadOnlySpan<byte> utf8, string where)
    {
        string text = WheelText.Decode(utf8, where);
        var entries = new Dictionary<string, RecordEntry>(StringComparer.Ordinal);
        int at = 0;
        while (at < text.Length)
        {
            List<string> fields = ReadLine(text, ref at, where);
            if (fields is [""])
            {
                continue;
            }
            if (fields.Count is < 1 or > 3 || fields[0].Length == 0)
            {
                throw Bad(where, $"the line {EntryPath.Quote(string.Join(',', fields))} is not PATH,DIGEST,SIZE");
            }
            byte[]? digest = ReadDigest(fields.ElementAtOrDefault(1) ?? "", where);
            long? size = ReadSize(fields.ElementAtOrDefault(2) ?? "", where);
            RecordEntry entry =
                digest?.Length > Digest.Size
                    ? new RecordEntry(fields[0], null, size) { LongDigest = Convert.ToHexStringLower(digest) }
                    : new RecordEntry(fields[0], digest is null ? null : new Digest(digest), size);
            if (!entries.TryAdd(entry.Path, entry) && entries[entry.Path] != entry)
            {
                throw Bad(where, $"{EntryPath.Quote(entry.Path)} is there twice and not the same");
            }
            if (entries.Count > Limits.Members)
            {
                throw new CorruptDataException(
                    ErrorCodes.LimitExceeded,
                    $"{where} has more than {Limits.Members:N0} lines"
                );
            }
        }
        return entries;
    }

    /// <summary>As pip writes it: sorted by path, lines end with a line feed.</summary>
    public static byte[] Write(IEnumerable<RecordEntry> entries)
    {
        var text = new StringBuilder();
        foreach (RecordEntry entry in entries.OrderBy(entry => entry.Path, StringComparer.Ordinal))
        {
            AppendField(text, entry.Path);
            text.Append(',');
            if (entry.Sha256 is { } sha256)
            {
                text.Append("sha256=").Append(ToBase64(sha256));
            }
            text.Append(',');
            text.Append(entry.Size?.ToString(CultureInfo.InvariantCulture)).Append('\n');
        }
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static void AppendField(StringBuilder text, string field)
    {
        if (field.AsSpan().ContainsAny(",\"\r\n"))
        {
            text.Append('"').Append(field.Replace("\"", "\"\"", StringComparison.Ordinal)).Append('"');
        }
        else
        {
            text.Append(field);
        }
    }

    private static string ToBase64(Digest digest)
    {
        Span<byte> bytes = stackalloc byte[Digest.Size];
        digest.CopyTo(bytes);
        return Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');
    }

    // "SHA-256 or better" of the algorithms that every Python knows; MD5 and SHA-1 are forbidden (PEP 376, PEP 427).
    private static byte[]? ReadDigest(string field, string where)
    {
        if (field.Length == 0)
        {
            return null;
        }
        int equals = field.IndexOf('=', StringComparison.Ordinal);
        int bytes = field[..Math.Max(0, equals)] switch
        {
            "sha256" => Digest.Size,
            "sha384" => Sha512.ShortBytes,
            "sha512" => Sha512.Bytes,
            _ => throw Bad(
                where,
                $"the digest {EntryPath.Quote(field)} is not SHA-256, nor one of the longer SHA-384 and SHA-512"
            ),
        };
        string text = field[(equals + 1)..];
        var digest = new byte[bytes];
        // Some tools write it as everybody writes digests elsewhere.
        if (
            text.Length == 2 * bytes
            && Convert.FromHexString(text, digest, out _, out int whole) == OperationStatus.Done
            && whole == bytes
        )
        {
            return digest;
        }
        string base64 = text.TrimEnd('=').Replace('-', '+').Replace('_', '/');
        base64 = base64.PadRight((base64.Length + 3) / 4 * 4, '=');
        return
            base64.Length == (bytes + 2) / 3 * 4
            && Convert.TryFromBase64String(base64, digest, out int count)
            && count == bytes
            ? digest
            : throw Bad(
                where,
                $"the digest {EntryPath.Quote(field)} is no {field[..equals].ToUpperInvariant()} in base64"
            );
    }

    private static long? ReadSize(string field, string where) =>
        field.Length == 0 ? null
        : long.TryParse(field, NumberStyles.None, CultureInfo.InvariantCulture, out long size)
        && size <= Limits.FileBytes
            ? size
        : throw Bad(where, $"{EntryPath.Quote(field)} is no size");

    // Quoted fields may hold line ends; "" in them is one quote.
    private static List<string> ReadLine(string text, ref int at, string where)
    {
        var fields = new List<string>();
        while (true)
        {
            fields.Add(ReadField(text, ref at, where));
            if (fields.Count > 3)
            {
                throw Bad(where, $"a line has more than three fields, such as {EntryPath.Quote(fields[0])}");
            }
            if (at < text.Length && text[at] == ',')
            {
                at++;
                continue;
            }
            at += text.AsSpan(at).StartsWith("\r\n") ? 2 : 1;
            return fields;
        }
    }

    private static string ReadField(string text, ref int at, string where)
    {
        if (at >= text.Length || text[at] != '"')
        {
            int end = text.AsSpan(at).IndexOfAny(",\r\n");
            string plain = end < 0 ? text[at..] : text[at..(at + end)];
            at += plain.Length;
            return plain;
        }
        var field = new StringBuilder();
        for (at++; at < text.Length; at++)
        {
            if (text[at] != '"')
            {
                field.Append(text[at]);
            }
            else if (at + 1 < text.Length && text[at + 1] == '"')
            {
                field.Append(text[at++]);
            }
            else
            {
                at++;
                return at == text.Length || text[at] is ',' or '\r' or '\n'
                    ? field.ToString()
                    : throw Bad(where, "something follows a closing quote");
            }
        }
        throw Bad(where, "a quote is not closed");
    }

    private static CorruptDataException Bad(string where, string what) =>
        new(ErrorCodes.BadPackage, $"{where}: {what}");
}
