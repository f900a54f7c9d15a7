namespace Packhorse.Lock;

/// <summary>One node of a YAML document. Nodes are immutable once read, so that an alias can share its anchor's node.</summary>
internal abstract class YamlNode(int line)
{
    /// <summary>From 1.</summary>
    public int Line { get; } = line;

    /// <summary>Nodes below this one and itself, counted as often as aliases make a walk meet them.</summary>
    public abstract long Weight { get; }

    /// <summary>For messages.</summary>
    public abstract string Kind { get; }
}

internal sealed class YamlText(int line, string text, bool isPlain) : YamlNode(line)
{
    /// <summary>As written, whatever YAML would make of it: a version of 0.10 stays "0.10".</summary>
    public string Text { get; } = text;

    /// <summary>One of YAML 1.2's spellings of null, without quotation marks.</summary>
    public bool IsNull => isPlain && Text is "" or "~" or "null" or "Null" or "NULL";

    public override long Weight => 1;

    public override string Kind => IsNull ? "nothing" : "text";
}

internal sealed class YamlList(int line, IReadOnlyList<YamlNode> items, long weight) : YamlNode(line)
{
    public IReadOnlyList<YamlNode> Items { get; } = items;

    public override long Weight { get; } = weight;

    public override string Kind => "a list";
}

/// <param name="KeyLine">Where the key is: a value may begin on a later line.</param>
internal readonly record struct YamlMember(int KeyLine, YamlNode Value);

/// <summary>A mapping in the order of the file; its keys are distinct texts.</summary>
internal sealed class YamlMap(int line, OrderedDictionary<string, YamlMember> members, long weight) : YamlNode(line)
{
    public OrderedDictionary<string, YamlMember> Members { get; } = members;

    public override long Weight { get; } = weight;

    public override string Kind => "a mapping";
}
