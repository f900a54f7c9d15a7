using System.Text;
using Packhorse.Model;

namespace Packhorse.Wheels;

/// <summary>The fields of <c>METADATA</c> or <c>WHEEL</c>: headers as of e-mail, up to the first empty line.</summary>
public sealed class WheelMetadata
{
    private readonly List<(string Name, string Value)> _fields = [];

    private WheelMetadata() { }

    /// <exception cref="CorruptDataException">It is not UTF-8, or no list of fields.</exception>
    public static WheelMetadata Parse(ReadOnlySpan<byte> utf8, string where)
    {
        var metadata = new WheelMetadata();
        foreach (string line in WheelText.Decode(utf8, where).Split('\n').Select(line => line.TrimEnd('\r')))
        {
            if (line.Length == 0)
            {
                break;
            }
            if (line[0] is ' ' or '\t')
            {
                // Goes on with the field before, which is then a text for people.
                continue;
            }
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0)
            {
                throw new CorruptDataException(
                    ErrorCodes.BadPackage,
                    $"{where}: the line {EntryPath.Quote(line)} is no field"
                );
            }
            metadata._fields.Add((line[..colon].Trim(), line[(colon + 1)..].Trim()));
        }
        return metadata;
    }

    /// <returns>The first value of a field, whatever the case of its name; null where there is none.</returns>
    public string? Find(string field) => All(field).FirstOrDefault();

    /// <summary>Every value of a field that may be there several times.</summary>
    public IEnumerable<string> All(string field) =>
        _fields.Where(pair => pair.Name.Equals(field, StringComparison.OrdinalIgnoreCase)).Select(pair => pair.Value);

    /// <exception cref="CorruptDataException">There is none.</exception>
    public string Require(string field, string where) =>
        Find(field) is { Length: > 0 } value
            ? value
            : throw new CorruptDataException(ErrorCodes.BadPackage, $"{where} has no {field}");
}

/// <summary>Text of a wheel.</summary>
internal static class WheelText
{
    private static UTF8Encoding Strict { get; } =
        new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="CorruptDataException">It is not UTF-8.</exception>
    public static string Decode(ReadOnlySpan<byte> utf8, string where)
    {
        try
        {
            return Strict.GetString(utf8.StartsWith("\uFEFF"u8) ? utf8[3..] : utf8);
        }
        catch (DecoderFallbackException error)
        {
            throw new CorruptDataException(ErrorCodes.BadPackage, $"{where} is not UTF-8", error);
        }
    }
}
