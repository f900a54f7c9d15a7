using System.Text.Json;
using System.Text.Json.Nodes;
using Packhorse.Model;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Conda;

public sealed class PackageRecordTests
{
    [Fact]
    public void Real_records_are_written_as_rattler_writes_them()
    {
        string path = Fixtures.Require("oracle/packagerecord-canonical.jsonl");
        int count = 0;
        foreach (string line in File.ReadLines(path))
        {
            using JsonDocument golden = JsonDocument.Parse(line);
            PackageRecord record = PackageRecordJson.Read(golden.RootElement.GetProperty("index"), path);
            JsonElement canonical = golden.RootElement.GetProperty("canonical");
            using JsonDocument written = JsonDocument.Parse(Write(record));
            Assert.Equal(Text(canonical), Text(written.RootElement));
            // Reading what was written changes nothing.
            Assert.Equal(Write(record), Write(PackageRecordJson.Read(written.RootElement, path)));
            count++;
        }
        Assert.Equal(158, count);
    }

    private static byte[] Write(PackageRecord record) =>
        SerdeJson.Write(json =>
        {
            json.WriteStartObject();
            PackageRecordJson.WriteMembers(json, record);
            json.WriteEndObject();
        });

    // The same members, types and order.
    private static string Text(JsonElement json) => JsonNode.Parse(json.GetRawText())!.ToJsonString();
}
