using System.Text.Json;

namespace Packhorse.Model;

/// <summary>Reads members of a JSON object from outside: wrong types are <see cref="CorruptDataException"/>, null is absent.</summary>
public readonly struct JsonMembers
{
    private readonly JsonElement _json;
    private readonly string _where;
    private readonly string _code;

    /// <param name="where">What is read, for messages: "numpy-1.0-0.conda: info/index.json".</param>
    /// <param name="code">The <see cref="PackhorseException.Code"/> of errors.</param>
    public JsonMembers(JsonElement json, string where, string code)
    {
        _json = json;
        _where = where;
        _code = code;
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new CorruptDataException(code, $"{where}: expected a JSON object, found {json.ValueKind}");
        }
    }

    /// <summary>Parses a whole document, refusing what is too large, too deep or not JSON.</summary>
    /// <exception cref="CorruptDataException">Not JSON, or larger than <see cref="Limits.JsonBytes"/>.</exception>
    public static JsonElement Parse(ReadOnlyMemory<byte> utf8, string where, string code)
    {
        if (utf8.Length > Limits.JsonBytes)
        {
            throw new CorruptDataException(
                ErrorCodes.LimitExceeded,
                $"{where}: {utf8.Length:N0} bytes of JSON are more than {Limits.JsonBytes:N0}"
            );
        }
        // Some tools write a byte order mark.
        if (utf8.Span.StartsWith("\uFEFF"u8))
        {
            utf8 = utf8[3..];
        }
        try
        {
            using JsonDocument document = JsonDocument.Parse(utf8);
            return document.RootElement.Clone();
        }
        catch (JsonException error)
        {
            throw new CorruptDataException(code, $"{where}: not JSON: {error.Message}", error);
        }
    }

    public JsonElement? Element(string name)
    {
        try
        {
            return _json.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null
                ? value
                : null;
        }
        // Looking for one name compares it with all of them, and any may hold a lone surrogate escape.
        catch (InvalidOperationException error)
        {
            throw BadName(error);
        }
    }

    public string? String(string name)
    {
        JsonElement? value = Element(name);
        return value switch
        {
            null => null,
            { ValueKind: JsonValueKind.String } text => Text(text, name),
            _ => throw Wrong(name, "a string", value.Value),
        };
    }

    public string RequiredString(string name)
    {
        string? value = String(name);
        return string.IsNullOrEmpty(value)
            ? throw new CorruptDataException(_code, $"{_where}: '{name}' is missing")
            : value;
    }

    public long? Integer(string name)
    {
        JsonElement? value = Element(name);
        return value switch
        {
            null => null,
            { ValueKind: JsonValueKind.Number } number when number.TryGetInt64(out long integer) => integer,
            // timestamps have been written as 1.5e12
            { ValueKind: JsonValueKind.Number } number
                when number.TryGetDouble(out double real) && Math.Abs(real) < 9e15 => (long)real,
            _ => throw Wrong(name, "an integer", value.Value),
        };
    }

    public bool Boolean(string name)
    {
        JsonElement? value = Element(name);
        return value switch
        {
            null => false,
            { ValueKind: JsonValueKind.True } => true,
            { ValueKind: JsonValueKind.False } => false,
            _ => throw Wrong(name, "true or false", value.Value),
        };
    }

    public string[]? Strings(string name)
    {
        JsonElement? value = Element(name);
        if (value is not { } list)
        {
            return null;
        }
        if (list.ValueKind != JsonValueKind.Array)
        {
            throw Wrong(name, "a list", list);
        }
        var strings = new string[list.GetArrayLength()];
        int i = 0;
        foreach (JsonElement item in list.EnumerateArray())
        {
            strings[i++] =
                item.ValueKind == JsonValueKind.String
                    ? Text(item, name)
                    : throw Wrong(name, "a list of strings", item);
        }
        return strings;
    }

    /// <exception cref="CorruptDataException">Present, but not 64 hexadecimal digits.</exception>
    public Digest? Sha256(string name)
    {
        string? hex = String(name);
        if (string.IsNullOrEmpty(hex))
        {
            return null;
        }
        return Digest.TryParse(hex, out Digest digest)
            ? digest
            : throw new CorruptDataException(_code, $"{_where}: '{name}' is no SHA-256: {EntryPath.Quote(hex)}");
    }

    /// <summary>The name of a member, where names come from outside too.</summary>
    public string NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException error)
        {
            throw BadName(error);
        }
    }

    /// <summary>A member that is passed on as it is, once it is sure that it can be written again.</summary>
    public JsonElement? Copyable(string name)
    {
        JsonElement? value = Element(name);
        if (value is { } element)
        {
            CheckText(element, name);
        }
        return value;
    }

    // Recursion is bounded by the parser's limit on depth.
    private void CheckText(JsonElement value, string name)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                _ = Text(value, name);
                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in value.EnumerateArray())
                {
                    CheckText(item, name);
                }
                break;
            case JsonValueKind.Object:
                foreach (JsonProperty member in value.EnumerateObject())
                {
                    _ = NameOf(member);
                    CheckText(member.Value, name);
                }
                break;
        }
    }

    /// <summary>The text of a string that <see cref="Element"/> found.</summary>
    public string Text(JsonElement value, string name)
    {
        try
        {
            return value.GetString()!;
        }
        // A lone surrogate escape ("\ud800") parses but cannot be made a .NET string.
        catch (InvalidOperationException error)
        {
            throw new CorruptDataException(_code, $"{_where}: '{name}' is not valid Unicode", error);
        }
    }

    private CorruptDataException BadName(Exception error) =>
        new(_code, $"{_where}: a member's name is not valid Unicode", error);

    private CorruptDataException Wrong(string name, string expected, JsonElement found) =>
        new(_code, $"{_where}: '{name}' must be {expected}, found {found.ValueKind}");
}
