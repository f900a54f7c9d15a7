using System.Buffers;
using System.Text.Json;
using Packhorse.Model;

namespace Packhorse.Install;

/// <summary>Gets a path of a package, relative to the prefix; the characters are there only during the call.</summary>
internal delegate void PathVisitor(ReadOnlySpan<char> path);

/// <summary>
/// Reads of a record in conda-meta only what an update needs. Records are long (the large ones have ten thousands of paths, each with
/// digests), so nothing is made of what is not used, and reading ends with the last member that is.
/// </summary>
internal static class InstalledRecord
{
    // A character of a path may be written as an escape of six bytes.
    private const int LongestPath = 6 * Limits.PathBytes;

    /// <param name="visit">Called with every path that is safe to follow.</param>
    /// <returns>SHA-256 of the package; null when the record has none.</returns>
    /// <exception cref="CorruptDataException">What was read is damaged.</exception>
    public static Digest? Read(ReadOnlySpan<byte> utf8, string where, PathVisitor visit)
    {
        char[] path = ArrayPool<char>.Shared.Rent(LongestPath);
        try
        {
            // Some tools write a byte order mark.
            return Read(new Utf8JsonReader(utf8.StartsWith("\uFEFF"u8) ? utf8[3..] : utf8), where, path, visit);
        }
        // The second is how the reader says that a string is no valid Unicode.
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new CorruptDataException(ErrorCodes.Malformed, $"{where}: {error.Message}", error);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(path);
        }
    }

    private static Digest? Read(Utf8JsonReader json, string where, char[] path, PathVisitor visit)
    {
        Digest? sha256 = null;
        bool hasFiles = false;
        if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
        {
            throw Malformed(where, "it is no JSON object");
        }
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("sha256"u8))
            {
                sha256 = ReadDigest(ref json, where);
            }
            else if (json.ValueTextEquals("files"u8))
            {
                hasFiles = true;
                ReadFiles(ref json, where, path, visit);
            }
            else
            {
                json.Skip();
            }
            if (hasFiles && sha256 is not null)
            {
                break;
            }
        }
        return sha256;
    }

    private static Digest? ReadDigest(ref Utf8JsonReader json, string where)
    {
        json.Read();
        if (json.TokenType == JsonTokenType.Null)
        {
            return null;
        }
        return json.TokenType == JsonTokenType.String && Digest.TryParse(json.GetString(), out Digest digest)
            ? digest
            : throw Malformed(where, "'sha256' is no SHA-256");
    }

    private static void ReadFiles(ref Utf8JsonReader json, string where, char[] path, PathVisitor visit)
    {
        json.Read();
        if (json.TokenType == JsonTokenType.Null)
        {
            return;
        }
        if (json.TokenType != JsonTokenType.StartArray)
        {
            throw Malformed(where, "'files' is no list");
        }
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (json.TokenType != JsonTokenType.String)
            {
                throw Malformed(where, "'files' is no list of strings");
            }
            if (json.ValueSpan.Length <= LongestPath)
            {
                ReadOnlySpan<char> text = path.AsSpan(0, json.CopyString(path));
                if (EntryPath.IsSafe(text))
                {
                    visit(text);
                }
            }
        }
    }

    private static CorruptDataException Malformed(string where, string what) =>
        new(ErrorCodes.Malformed, $"{where}: {what}");
}
