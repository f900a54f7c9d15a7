using Packhorse.Model;

namespace Packhorse.Install;

/// <summary>
/// <c>conda-meta/packhorse</c>: for which prefix and platform the environment around it was installed. It has no extension because
/// conda reads every <c>conda-meta/*.json</c> as a package. JSON, schema <c>packhorse/environment/1</c>.
/// </summary>
/// <param name="Prefix">The prefix that is in the files: not where they are, when the directory was moved.</param>
/// <param name="Python">Version of the Python that modules and scripts were installed for, as in "3.11"; null without Python.</param>
public sealed record EnvironmentMarker(string Prefix, string Platform, string? Python)
{
    public const string Path = "conda-meta/packhorse";

    private const string Schema = "packhorse/environment/1";

    public byte[] Write() =>
        SerdeJson.Write(json =>
        {
            json.WriteStartObject();
            json.WriteString("schema", Schema);
            json.WriteString("prefix", Prefix);
            json.WriteString("platform", Platform);
            json.WriteString("python", Python);
            json.WriteEndObject();
        });

    /// <returns>Null when it is of another schema.</returns>
    /// <exception cref="CorruptDataException">It is damaged.</exception>
    public static EnvironmentMarker? Parse(ReadOnlyMemory<byte> utf8)
    {
        var json = new JsonMembers(JsonMembers.Parse(utf8, Path, ErrorCodes.Malformed), Path, ErrorCodes.Malformed);
        return json.String("schema") == Schema
            ? new EnvironmentMarker(
                json.RequiredString("prefix"),
                json.RequiredString("platform"),
                json.String("python")
            )
            : null;
    }
}
