using System.Text;
using System.Text.Json;
using Packhorse.Model;

namespace Packhorse.Output;

/// <summary>What <c>--json</c> prints: one object whose first member names its schema.</summary>
internal static class JsonOutput
{
    public static string Write(string schema, Action<Utf8JsonWriter> members) =>
        Encoding.UTF8.GetString(
            SerdeJson.Write(json =>
            {
                json.WriteStartObject();
                json.WriteString("schema", schema);
                members(json);
                json.WriteEndObject();
            })
        );

    public static void WriteStrings(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (string value in values)
        {
            json.WriteStringValue(value);
        }
        json.WriteEndArray();
    }
}
