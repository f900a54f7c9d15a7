using Packhorse.Model;
using Tomlyn;
using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace Packhorse.Fetch;

/// <summary>One value of a TOML document and the keys that lead to it, whichever way tables were written.</summary>
/// <param name="Path">At least one key.</param>
/// <param name="Line">Counted from 1.</param>
/// <param name="Where">The file.</param>
internal sealed record TomlSetting(string[] Path, ValueSyntax Value, int Line, string Where)
{
    public string Text() =>
        Value is StringValueSyntax { Value: { Length: > 0 } text } ? text : throw Bad("is not a text");

    public bool Boolean() => Value is BooleanValueSyntax flag ? flag.Value : throw Bad("is not true or false");

    public int PositiveNumber() =>
        Value is IntegerValueSyntax { Value: > 0 and <= int.MaxValue } number
            ? (int)number.Value
            : throw Bad("is not a number of at least 1");

    /// <summary>Null for what is no list. An entry that is no text is empty.</summary>
    public IReadOnlyList<string>? Texts() =>
        Value is ArraySyntax list
            ? [.. list.Items.Select(item => (item.Value as StringValueSyntax)?.Value ?? "")]
            : null;

    /// <param name="what">Never the value, which may be a secret.</param>
    public UsageException Bad(string what) => new(ErrorCodes.BadConfiguration, $"{Where}:{Line}: {this} {what}");

    /// <summary>The keys, quoted.</summary>
    public override string ToString() => Redaction.Quote(string.Join('.', Path));

    /// <exception cref="UsageException">It is not TOML.</exception>
    public static IReadOnlyList<TomlSetting> ReadAll(string toml, string where)
    {
        DocumentSyntax document;
        try
        {
            document = SyntaxParser.Parse(toml, where);
        }
        catch (TomlException error)
        {
            throw new UsageException(ErrorCodes.BadConfiguration, $"{where} is not TOML: {error.Message}", error);
        }
        foreach (DiagnosticMessage problem in document.Diagnostics)
        {
            // The parser's text may quote values, and a value may be a password: what follows the first quotation stays away.
            string message = problem.Message.Split('`')[0].TrimEnd();
            throw new UsageException(
                ErrorCodes.BadConfiguration,
                $"{where}:{problem.Span.Start.Line + 1}:{problem.Span.Start.Column + 1}: not TOML: {message}"
            );
        }
        var settings = new List<TomlSetting>();
        Add(settings, [], document.KeyValues, where);
        foreach (TableSyntaxBase table in document.Tables)
        {
            Add(settings, Keys(table.Name!), table.Items, where);
        }
        return settings;
    }

    private static void Add(List<TomlSetting> settings, string[] path, IEnumerable<KeyValueSyntax> items, string where)
    {
        foreach (KeyValueSyntax item in items)
        {
            string[] full = [.. path, .. Keys(item.Key!)];
            if (item.Value is InlineTableSyntax inline)
            {
                Add(settings, full, inline.Items.Select(entry => entry.KeyValue!), where);
            }
            else
            {
                settings.Add(new TomlSetting(full, item.Value!, item.Span.Start.Line + 1, where));
            }
        }
    }

    private static string[] Keys(KeySyntax key) => [Text(key.Key!), .. key.DotKeys.Select(dotted => Text(dotted.Key!))];

    private static string Text(BareKeyOrStringValueSyntax key) =>
        key switch
        {
            StringValueSyntax text => text.Value!,
            BareKeySyntax bare => bare.Key!.Text!,
            _ => "",
        };
}
