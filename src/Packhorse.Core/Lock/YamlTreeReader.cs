using System.Text;
using Packhorse.Model;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Packhorse.Lock;

/// <summary>
/// Makes a tree of one YAML document from the events of the parser, with bounds on depth and on nodes: memory stays in proportion
/// to the text, and a walk over the tree to <see cref="Limits.YamlNodes"/> steps even where aliases repeat parts of it.
/// </summary>
internal sealed class YamlTreeReader
{
    private readonly LockText _text;
    private readonly Parser _parser;
    private readonly Dictionary<string, YamlNode> _anchors = new(StringComparer.Ordinal);
    private int _nodes;

    private YamlTreeReader(LockText text, string content)
    {
        _text = text;
        _parser = new Parser(new StringReader(content));
    }

    /// <exception cref="CorruptDataException">Not UTF-8, not one YAML document, duplicate keys, or beyond a limit.</exception>
    public static YamlNode Read(ReadOnlyMemory<byte> utf8, LockText text)
    {
        if (utf8.Length > Limits.TextBytes)
        {
            throw new CorruptDataException(
                ErrorCodes.LimitExceeded,
                $"{text.Where}: {utf8.Length:N0} bytes are more than {Limits.TextBytes:N0}"
            );
        }
        return new YamlTreeReader(text, Decode(utf8.Span, text)).ReadDocument();
    }

    private static string Decode(ReadOnlySpan<byte> utf8, LockText text)
    {
        if (utf8.StartsWith("\uFEFF"u8))
        {
            utf8 = utf8[3..];
        }
        try
        {
            return new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(utf8);
        }
        catch (DecoderFallbackException error)
        {
            int line = 1 + utf8[..Math.Clamp(error.Index, 0, utf8.Length)].Count((byte)'\n');
            throw text.Corrupt(line, "not UTF-8 text", error);
        }
    }

    private YamlNode ReadDocument()
    {
        Expect<StreamStart>();
        ParsingEvent first = Next();
        if (first is not DocumentStart)
        {
            throw _text.Corrupt(Line(first), "the file is empty");
        }
        YamlNode root = ReadNode(Next(), depth: 0);
        Expect<DocumentEnd>();
        ParsingEvent last = Next();
        return last is StreamEnd
            ? root
            : throw _text.Corrupt(Line(last), "a second YAML document begins; a lock file is one");
    }

    private YamlNode ReadNode(ParsingEvent start, int depth)
    {
        int line = Line(start);
        if (++_nodes > Limits.YamlNodes)
        {
            throw TooManyNodes(line);
        }
        if (depth > Limits.YamlDepth)
        {
            throw LimitExceeded(line, $"nested more than {Limits.YamlDepth} deep");
        }
        YamlNode node;
        switch (start)
        {
            case AnchorAlias alias:
                // Anchors are known once their node is complete, so no node can contain itself.
                return _anchors.TryGetValue(alias.Value.Value, out YamlNode? target)
                    ? target
                    : throw _text.Corrupt(
                        line,
                        $"the alias {EntryPath.Quote(alias.Value.Value)} has no anchor before it"
                    );
            case Scalar scalar:
                node = new YamlText(line, scalar.Value, scalar.Style == ScalarStyle.Plain);
                break;
            case SequenceStart:
                node = ReadList(line, depth);
                break;
            case MappingStart:
                node = ReadMap(line, depth);
                break;
            default:
                throw _text.Corrupt(line, "unexpected YAML");
        }
        AnchorName anchor = ((NodeEvent)start).Anchor;
        if (!anchor.IsEmpty)
        {
            _anchors[anchor.Value] = node;
        }
        return node;
    }

    private YamlList ReadList(int line, int depth)
    {
        var items = new List<YamlNode>();
        long weight = 1;
        for (ParsingEvent next = Next(); next is not SequenceEnd; next = Next())
        {
            YamlNode item = ReadNode(next, depth + 1);
            weight = Add(weight, item);
            items.Add(item);
        }
        return new YamlList(line, items, weight);
    }

    private YamlMap ReadMap(int line, int depth)
    {
        var members = new OrderedDictionary<string, YamlMember>(StringComparer.Ordinal);
        long weight = 1;
        for (ParsingEvent next = Next(); next is not MappingEnd; next = Next())
        {
            if (ReadNode(next, depth + 1) is not YamlText key)
            {
                throw _text.Corrupt(Line(next), "a key must be text");
            }
            YamlNode value = ReadNode(Next(), depth + 1);
            weight = Add(Add(weight, key), value);
            if (!members.TryAdd(key.Text, new YamlMember(key.Line, value)))
            {
                throw _text.Corrupt(
                    key.Line,
                    $"the key {EntryPath.Quote(key.Text)} is here a second time; it is first on line {members[key.Text].KeyLine}"
                );
            }
        }
        return new YamlMap(line, members, weight);
    }

    private long Add(long weight, YamlNode child)
    {
        weight += child.Weight;
        return weight <= Limits.YamlNodes ? weight : throw TooManyNodes(child.Line);
    }

    private void Expect<T>()
        where T : ParsingEvent
    {
        ParsingEvent next = Next();
        if (next is not T)
        {
            throw _text.Corrupt(Line(next), "unexpected YAML");
        }
    }

    private ParsingEvent Next()
    {
        try
        {
            return _parser.MoveNext() && _parser.Current is { } next
                ? next
                : throw _text.Corrupt(LineAfterLast(), "the file ends too early");
        }
        catch (YamlException error)
        {
            throw _text.Corrupt((int)error.Start.Line, $"not YAML: {error.Message}", error);
        }
        // The scanner's own assertions fail on some texts that are no YAML, such as a flow sequence over a wrong indentation.
        catch (Exception error) when (error is InvalidOperationException or ArgumentException)
        {
            throw _text.Corrupt(LineAfterLast(), "not YAML, here or on a later line", error);
        }
    }

    private int LineAfterLast() => _parser.Current is { } last ? Line(last) : 1;

    private static int Line(ParsingEvent at) => (int)at.Start.Line;

    private CorruptDataException TooManyNodes(int line) =>
        LimitExceeded(line, $"more than {Limits.YamlNodes:N0} YAML nodes");

    private CorruptDataException LimitExceeded(int line, string problem) =>
        new(ErrorCodes.LimitExceeded, $"{_text.Where}:{line}: {problem}");
}
