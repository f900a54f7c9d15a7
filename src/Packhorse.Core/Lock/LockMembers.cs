using System.Globalization;
using Packhorse.Model;

namespace Packhorse.Lock;

/// <summary>Reads the members of one mapping of a lock file. Null is absent; a wrong kind is an error with its line.</summary>
internal readonly struct LockMembers
{
    private readonly YamlMap _map;
    private readonly LockText _text;

    private LockMembers(YamlMap map, LockText text)
    {
        _map = map;
        _text = text;
    }

    public int Line => _map.Line;

    public static LockMembers Of(YamlNode node, string what, LockText text) =>
        node is YamlMap map
            ? new LockMembers(map, text)
            : throw text.Corrupt(node.Line, $"{what} must be a mapping, found {node.Kind}");

    public CorruptDataException Corrupt(string problem) => _text.Corrupt(Line, problem);

    /// <summary>An error about one member, with the line of its key.</summary>
    public CorruptDataException Corrupt(string name, string problem) =>
        _text.Corrupt(_map.Members.TryGetValue(name, out YamlMember member) ? member.KeyLine : Line, problem);

    public CorruptDataException Missing(string name) => Corrupt($"missing '{name}'");

    public bool Has(string name) => Member(name) is not null;

    public YamlNode? Member(string name) =>
        _map.Members.TryGetValue(name, out YamlMember member) && member.Value is not YamlText { IsNull: true }
            ? member.Value
            : null;

    public string? Text(string name) =>
        Member(name) switch
        {
            null => null,
            YamlText text => text.Text,
            YamlNode other => throw Wrong(name, "text", other),
        };

    public string RequiredText(string name) => Text(name) is { Length: > 0 } text ? text : throw Missing(name);

    /// <summary>
    /// A part of a package's identity; empty is absent. It goes into file names and lists of specs, so it has none of their
    /// separators.
    /// </summary>
    public string? IdentityText(string name) =>
        Text(name) switch
        {
            null or "" => null,
            string text when IsIdentity(text) => text,
            string other => throw Corrupt(name, $"'{name}' cannot be {EntryPath.Quote(other)}"),
        };

    public string RequiredIdentityText(string name) => IdentityText(name) ?? throw Missing(name);

    public long? Integer(string name)
    {
        ulong? value = Unsigned(name);
        return value <= long.MaxValue ? (long?)value
            : value is null ? null
            : throw Corrupt(name, $"'{name}' is too large");
    }

    public ulong? Unsigned(string name) =>
        Member(name) switch
        {
            null => null,
            YamlText text
                when ulong.TryParse(text.Text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) =>
                value,
            YamlNode other => throw Wrong(name, "a whole number", other),
        };

    public bool Boolean(string name) =>
        Member(name) switch
        {
            null => false,
            YamlText { Text: "true" or "True" or "TRUE" } => true,
            YamlText { Text: "false" or "False" or "FALSE" } => false,
            YamlNode other => throw Wrong(name, "true or false", other),
        };

    /// <summary>A list of texts; null when absent.</summary>
    public string[]? Texts(string name) =>
        Member(name) switch
        {
            null => null,
            YamlList list => Texts(list, name),
            YamlNode other => throw Wrong(name, "a list", other),
        };

    /// <summary>A list of texts, or one text that stands for a list of one.</summary>
    public string[]? OneOrMoreTexts(string name) => Member(name) is YamlText text ? [text.Text] : Texts(name);

    public string[] Texts(YamlNode node, string name)
    {
        if (node is not YamlList list)
        {
            throw Wrong(name, "a list", node);
        }
        var texts = new string[list.Items.Count];
        for (int i = 0; i < texts.Length; i++)
        {
            texts[i] = list.Items[i] is YamlText { IsNull: false } text
                ? text.Text
                : throw Wrong(name, "a list of texts", list.Items[i]);
        }
        return texts;
    }

    public YamlList? List(string name) =>
        Member(name) switch
        {
            null => null,
            YamlList list => list,
            YamlNode other => throw Wrong(name, "a list", other),
        };

    public YamlList RequiredList(string name) => List(name) ?? throw Missing(name);

    /// <summary>The members of a mapping, in the order of the file; null when absent.</summary>
    public IEnumerable<KeyValuePair<string, YamlMember>>? Map(string name) =>
        Member(name) switch
        {
            null => null,
            YamlMap map => map.Members,
            YamlNode other => throw Wrong(name, "a mapping", other),
        };

    public LockMembers? Nested(string name) => Member(name) is { } node ? Of(node, $"'{name}'", _text) : null;

    public Digest? Sha256(string name) =>
        Text(name) switch
        {
            null => null,
            string hex when Digest.TryParse(hex, out Digest digest) => digest,
            string other => throw Corrupt(name, $"'{name}' is no SHA-256: {EntryPath.Quote(other)}"),
        };

    public Md5Digest? Md5(string name) =>
        Text(name) switch
        {
            null => null,
            string hex when Md5Digest.TryParse(hex, out Md5Digest digest) => digest,
            string other => throw Corrupt(name, $"'{name}' is no MD5: {EntryPath.Quote(other)}"),
        };

    public PackageLocation? Location(string name) => Text(name) is { } text ? ParseLocation(name, text) : null;

    public PackageLocation ParseLocation(string name, string text) =>
        PackageLocation.TryParse(text, out PackageLocation? location, out string? problem)
            ? location
            : throw Corrupt(name, $"{EntryPath.Quote(text)} {problem}");

    internal static bool IsIdentity(string text) =>
        !text.AsSpan().ContainsAny('/', '\\', '\0')
        && !text.Any(c => char.IsWhiteSpace(c) || char.IsControl(c))
        && text is not "." and not ".."
        && text.Length <= Limits.PathComponentBytes;

    private CorruptDataException Wrong(string name, string expected, YamlNode found) =>
        _text.Corrupt(
            found.Line,
            $"'{name}' must be {expected}, found "
                + (found is YamlText { IsNull: false } text ? EntryPath.Quote(text.Text) : found.Kind)
        );
}
