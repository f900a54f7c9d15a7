using Packhorse.Model;

namespace Packhorse.Fuzz;

/// <summary>One parser of bytes from outside.</summary>
/// <param name="Parse">Returns, or throws a <see cref="PackhorseException"/>; anything else is a defect.</param>
internal sealed record FuzzTarget(string Name, Action<ReadOnlyMemory<byte>> Parse)
{
    /// <summary>Changes are made to values too, so that they come past the JSON parser.</summary>
    public bool IsJson => Name.EndsWith(".json", StringComparison.Ordinal);

    /// <summary>Makes checksums over what was changed right again, so that changes come past them.</summary>
    public Func<byte[], byte[]>? Repair { get; init; }
}
