using System.Text.Json;
using Packhorse.Model;

namespace Packhorse.Image;

/// <summary>A range of a file's content that a program needed.</summary>
/// <param name="Path">Below the prefix.</param>
public readonly record struct UsedRange(string Path, long Offset, long Length);

/// <summary>What a program needed of an environment, in the order of first use (<c>docs/FORMAT.md</c>, "Hot set").</summary>
public static class UsageRecord
{
    private const string Schema = "packhorse/record/1";

    public static byte[] Write(IEnumerable<UsedRange> ranges) =>
        SerdeJson.Write(json =>
        {
            json.WriteStartObject();
            json.WriteString("schema", Schema);
            json.WriteStartArray("ranges");
            foreach (UsedRange range in ranges)
            {
                json.WriteStartArray();
                json.WriteStringValue(range.Path);
                json.WriteNumberValue(range.Offset);
                json.WriteNumberValue(range.Length);
                json.WriteEndArray();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        });

    /// <exception cref="CorruptDataException">This is no record, or it is damaged.</exception>
    /// <exception cref="IncompatibleException">Of another version.</exception>
    public static IReadOnlyList<UsedRange> Parse(ReadOnlyMemory<byte> utf8, string where)
    {
        JsonElement root = JsonMembers.Parse(utf8, where, ErrorCodes.Malformed);
        var members = new JsonMembers(root, where, ErrorCodes.Malformed);
        string? schema = members.String("schema");
        if (schema != Schema)
        {
            throw new IncompatibleException(
                ErrorCodes.NewerFormat,
                $"{where} is no record of what a program needed: its schema is not {Schema}"
            )
            {
                Hint = "packhorse record makes one",
            };
        }
        if (members.Element("ranges") is not { ValueKind: JsonValueKind.Array } ranges)
        {
            throw Malformed(where);
        }
        return [.. ranges.EnumerateArray().Select(range => ParseRange(members, range, where))];
    }

    private static UsedRange ParseRange(in JsonMembers members, JsonElement range, string where)
    {
        if (
            range.ValueKind != JsonValueKind.Array
            || range.GetArrayLength() != 3
            || range[0].ValueKind != JsonValueKind.String
            || range[1].ValueKind != JsonValueKind.Number
            || range[2].ValueKind != JsonValueKind.Number
            || !range[1].TryGetInt64(out long offset)
            || !range[2].TryGetInt64(out long length)
            || offset is < 0 or > Limits.FileBytes
            || length is < 0 or > Limits.FileBytes
        )
        {
            throw Malformed(where);
        }
        return new UsedRange(members.Text(range[0], "ranges"), offset, length);
    }

    private static CorruptDataException Malformed(string where) =>
        new(ErrorCodes.Malformed, $"{where} is damaged: a range is a path, an offset and a length");
}
