using Packhorse.Model;

namespace Packhorse.Runtime;

/// <summary>An option of a command.</summary>
/// <param name="Long">With its two hyphens.</param>
/// <param name="Short">One letter, or NUL where there is none.</param>
/// <param name="TakesValue">Otherwise it is a flag, which may be repeated.</param>
internal sealed record OptionSpec(string Long, char Short, bool TakesValue);

/// <summary>
/// Arguments of a command in the usual forms: <c>--name VALUE</c>, <c>--name=VALUE</c>, <c>-n VALUE</c>, <c>-nVALUE</c>,
/// <c>-n=VALUE</c>, <c>-vvq</c>, and <c>--</c> before what is no option.
/// </summary>
internal sealed class OptionReader
{
    private readonly Dictionary<string, List<string>> _values = new(StringComparer.Ordinal);
    private readonly HashSet<string> _flags = new(StringComparer.Ordinal);
    private readonly IReadOnlyList<OptionSpec> _specs;

    /// <param name="stopsAtFirst">The first argument that is no option, and all after it, are somebody else's.</param>
    /// <exception cref="UsageException">An unknown option, or one without its value.</exception>
    public OptionReader(IReadOnlyList<OptionSpec> specs, ReadOnlySpan<string> arguments, bool stopsAtFirst)
    {
        _specs = specs;
        var rest = new List<string>();
        int i = 0;
        while (i < arguments.Length)
        {
            string argument = arguments[i++];
            if (argument == "--")
            {
                rest.AddRange(arguments[i..]);
                break;
            }
            if (argument is not ['-', _, ..])
            {
                rest.Add(argument);
                if (stopsAtFirst)
                {
                    rest.AddRange(arguments[i..]);
                    break;
                }
                continue;
            }
            string? next = i < arguments.Length ? arguments[i] : null;
            i += argument.StartsWith("--", StringComparison.Ordinal)
                ? ReadLong(argument, next)
                : ReadShort(argument, next);
        }
        Rest = rest;
    }

    /// <summary>What is no option, in order.</summary>
    public IReadOnlyList<string> Rest { get; }

    /// <returns>Null when it was not given; of several the last.</returns>
    public string? Value(string name) => _values.GetValueOrDefault(name)?[^1];

    /// <returns>All, in order.</returns>
    public IReadOnlyList<string> Values(string name) => _values.GetValueOrDefault(name) ?? [];

    public bool Has(string name) => _flags.Contains(name);

    /// <returns>How many of the next arguments were taken too.</returns>
    private int ReadLong(string argument, string? next)
    {
        int equals = argument.IndexOf('=', StringComparison.Ordinal);
        string name = equals < 0 ? argument : argument[..equals];
        OptionSpec spec = _specs.FirstOrDefault(spec => spec.Long == name) ?? throw Unknown(argument);
        if (!spec.TakesValue)
        {
            _flags.Add(equals < 0 ? name : throw Bad($"the option '{name}' takes no value"));
            return 0;
        }
        Add(name, equals < 0 ? next ?? throw Lacks(name) : argument[(equals + 1)..]);
        return equals < 0 ? 1 : 0;
    }

    private int ReadShort(string argument, string? next)
    {
        for (int at = 1; at < argument.Length; at++)
        {
            OptionSpec spec = _specs.FirstOrDefault(spec => spec.Short == argument[at]) ?? throw Unknown(argument);
            if (!spec.TakesValue)
            {
                _flags.Add(spec.Long);
                continue;
            }
            string attached = argument[(at + 1)..];
            if (attached.Length > 0)
            {
                Add(spec.Long, attached[0] == '=' ? attached[1..] : attached);
                return 0;
            }
            Add(spec.Long, next ?? throw Lacks($"-{spec.Short}"));
            return 1;
        }
        return 0;
    }

    private void Add(string name, string value)
    {
        if (!_values.TryGetValue(name, out List<string>? values))
        {
            _values.Add(name, values = []);
        }
        values.Add(value);
    }

    private static UsageException Unknown(string argument) => Bad($"unknown option {EntryPath.Quote(argument)}");

    private static UsageException Lacks(string name) => Bad($"the option '{name}' needs a value");

    private static UsageException Bad(string message) =>
        new(ErrorCodes.BadArguments, message) { Hint = "-h shows what can be asked" };
}
