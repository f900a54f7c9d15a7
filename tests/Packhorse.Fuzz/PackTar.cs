using System.Text;
using Packhorse.Codecs;

namespace Packhorse.Fuzz;

/// <summary>A pack taken apart, to be put together again with something changed. Values; nothing is checked.</summary>
internal sealed class PackTar
{
    private readonly List<(string Name, byte[]? Content)> _members;

    private PackTar(IEnumerable<(string Name, byte[]? Content)> members) => _members = [.. members];

    /// <summary>In their order; directories have no content.</summary>
    public IReadOnlyList<(string Name, byte[]? Content)> Members => _members;

    public byte[] this[string name] => _members.First(member => member.Name == name).Content!;

    /// <summary>The only member whose name ends like this.</summary>
    public string Find(string suffix) => _members.Single(member => member.Name.EndsWith(suffix)).Name;

    public static PackTar Read(byte[] pack)
    {
        var members = new List<(string, byte[]?)>();
        var tar = new TarReader(new MemoryStream(pack), "pack");
        while (tar.MoveNext())
        {
            bool isFile = tar.Current.Type == TarEntryType.File;
            members.Add((tar.Current.Name, isFile ? tar.ReadAllBytes(int.MaxValue) : null));
        }
        return new PackTar(members);
    }

    public PackTar With(string name, string content) => With(name, Encoding.UTF8.GetBytes(content));

    public PackTar With(string name, byte[] content) =>
        new(_members.Select(member => member.Name == name ? (name, content) : member));

    /// <summary>At the end.</summary>
    public PackTar Plus(string name, byte[] content) => new(_members.Append((name, content)));

    public PackTar Without(string name) => new(_members.Where(member => member.Name != name));

    /// <summary>Without our manifest, as another tool's pack: what repodata.json says is all that is known.</summary>
    public PackTar WithoutDigests()
    {
        string manifest = """{"version": "1", "pixi-pack-version": "0.7.10", "platform": "linux-64"}""";
        PackTar plain = With("pixi-pack.json", manifest);
        foreach ((string name, byte[]? content) in Members.Where(member => member.Name.EndsWith("repodata.json")))
        {
            string[] lines = Encoding.UTF8.GetString(content!).Split('\n');
            IEnumerable<string> kept = lines.Where(line =>
                !line.Contains("\"sha256\"") && !line.Contains("\"md5\"") && !line.Contains("\"size\"")
            );
            plain = plain.With(name, string.Join('\n', kept));
        }
        return plain;
    }

    public byte[] ToArray()
    {
        using var tar = new MemoryStream();
        foreach ((string name, byte[]? content) in _members)
        {
            tar.Write(
                content is null ? TarHeader.ForDirectory(name.TrimEnd('/')) : TarHeader.ForFile(name, content.Length)
            );
            tar.Write(content);
            tar.Write(new byte[TarHeader.PaddedLength(tar.Length) - tar.Length]);
        }
        tar.Write(new byte[TarHeader.EndBytes]);
        return tar.ToArray();
    }
}
