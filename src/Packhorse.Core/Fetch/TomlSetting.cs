using Packhorse.Model;
using Tomlyn;
using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace Packhorse.Fetch;

/// <summary>One value of a TOML document and the keys that lead to it, whichever way tables were written.</summary>
/// <param name="Path">At least one key.</param>
/// <param name="Line">Counted from 1.</param>
internal sealed record TomlSetting(string[] Path, ValueSyntax Value, int Line)
{
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
        Add(settings, [], document.KeyValues);
        foreach (TableSyntaxBase table in document.Tables)
        {
            Add(settings, Keys(table.Name!), table.Items);
        }
        return settings;
    }

    private static void Add(List<TomlSetting> settings, string[] path, IEnumerable<KeyValueSyntax> items)
    {
        foreach (KeyValueSyntax item in items)
        {
            string[] full = [.. path, .. Keys(item.Key!)];
            if (item.Value is InlineTableSyntax inline)
            {
                Add(settings, full, inline.Items.Select(entry => entry.KeyValue!));
            }
            else
            {
                settings.Add(new TomlSetting(full, item.Value!, item.Span.Start.Line + 1));
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
