using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Packhorse.Fuzz;

/// <summary>Changes bytes and JSON at random: the same seed makes the same changes.</summary>
internal sealed class Mutator(int seed)
{
    private static readonly string[] Values =
    [
        "null",
        "true",
        "0",
        "-1",
        "1e400",
        "9223372036854775807",
        "9223372036854775808",
        "1.5e12",
        "\"\"",
        "\"\\ud800\"",
        "\"\\u0000\"",
        "\"../../x\"",
        "\"/\"",
        "\"a\\nb\"",
        "[]",
        "{}",
        "[[[[[[[[]]]]]]]]",
        "{\"\\udfff\": 1}",
        "\"" + "a/" + "\"",
    ];

    private static readonly byte[] Bytes = [0x00, 0xFF, 0x80, 0x7F, 0x20, (byte)'.', (byte)'/', (byte)'0', (byte)'9'];

    private readonly Random _random = new(seed);

    /// <summary>One to eight changes anywhere.</summary>
    public byte[] Change(byte[] input)
    {
        List<byte> bytes = [.. input];
        for (int left = _random.Next(1, 9); left > 0 && bytes.Count > 0; left--)
        {
            int at = _random.Next(bytes.Count);
            int length = Math.Min(_random.Next(1, 64), bytes.Count - at);
            switch (_random.Next(7))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << _random.Next(8));
                    break;
                case 1:
                    bytes[at] = Bytes[_random.Next(Bytes.Length)];
                    break;
                case 2:
                    bytes.RemoveRange(at, length);
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, length));
                    break;
                case 4:
                    bytes.InsertRange(at, Enumerable.Repeat(Bytes[_random.Next(Bytes.Length)], length));
                    break;
                case 5:
                    List<byte> other = bytes.GetRange(_random.Next(bytes.Count - length + 1), length);
                    bytes.RemoveRange(at, length);
                    bytes.InsertRange(at, other);
                    break;
                default:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }
        }
        return [.. bytes];
    }

    /// <summary>One to three values or names changed; the result is JSON in form.</summary>
    public byte[] ChangeJson(byte[] json)
    {
        string text = Encoding.UTF8.GetString(json);
        for (int left = _random.Next(1, 4); left > 0; left--)
        {
            text = ChangeOnce(text);
        }
        return Encoding.UTF8.GetBytes(text);
    }

    // In the text, because a node cannot hold what is no valid string.
    private string ChangeOnce(string text)
    {
        const string Mark = "@@mark@@";
        JsonNode? root;
        try
        {
            root = JsonNode.Parse(text);
            if (root is null)
            {
                // The whole document has become null: any other is a change.
                return Values[_random.Next(Values.Length)];
            }
            _ = Places(root).Count();
            _ = root.ToJsonString();
        }
        // An earlier change has left what no node can hold.
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return text;
        }
        List<(JsonNode Parent, string? Name, int Index)> places = [.. Places(root)];
        if (places.Count == 0)
        {
            return Values[_random.Next(Values.Length)];
        }
        (JsonNode parent, string? name, int index) = places[_random.Next(places.Count)];
        if (name is not null && _random.Next(4) == 0)
        {
            JsonNode? value = parent[name]?.DeepClone();
            parent.AsObject().Remove(name);
            parent.AsObject()[_random.Next(2) == 0 ? name + "x" : Mark] = value;
        }
        else if (name is not null)
        {
            parent[name] = Mark;
        }
        else
        {
            parent[index] = Mark;
        }
        string value2 = Values[_random.Next(Values.Length)];
        string changed = root.ToJsonString();
        return changed.Contains($"\"{Mark}\":", StringComparison.Ordinal)
            ? changed.Replace(Mark, "\\ud800", StringComparison.Ordinal)
            : changed.Replace($"\"{Mark}\"", value2, StringComparison.Ordinal);
    }

    private static IEnumerable<(JsonNode Parent, string? Name, int Index)> Places(JsonNode node)
    {
        if (node is JsonObject members)
        {
            foreach ((string name, JsonNode? value) in members)
            {
                yield return (node, name, 0);
                foreach (var inner in value is null ? [] : Places(value))
                {
                    yield return inner;
                }
            }
        }
        else if (node is JsonArray items)
        {
            for (int i = 0; i < items.Count; i++)
            {
                yield return (node, null, i);
                foreach (var inner in items[i] is null ? [] : Places(items[i]!))
                {
                    yield return inner;
                }
            }
        }
    }
}
