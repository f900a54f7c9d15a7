using System.Text;

namespace Packhorse.Run;

/// <summary>
/// Variables for a process, as bytes: what is not ours to change goes on as it came, also where it is no text. Of a name that is there
/// twice the first counts, as for getenv.
/// </summary>
public sealed class ProcessEnvironment(IEnumerable<byte[]> entries)
{
    private readonly List<byte[]> _entries = [.. entries];

    /// <summary>NAME=VALUE each.</summary>
    public IReadOnlyList<byte[]> Entries => _entries;

    /// <returns>Null when there is no such variable.</returns>
    public byte[]? Get(string name)
    {
        byte[] start = Start(name);
        return _entries.Find(entry => entry.AsSpan().StartsWith(start))?[start.Length..];
    }

    /// <inheritdoc cref="Get"/>
    public string? GetText(string name) => Get(name) is { } value ? Encoding.UTF8.GetString(value) : null;

    public void Set(string name, ReadOnlySpan<byte> value)
    {
        byte[] start = Start(name);
        _entries.RemoveAll(entry => entry.AsSpan().StartsWith(start));
        _entries.Add([.. start, .. value]);
    }

    /// <inheritdoc cref="Set(string, ReadOnlySpan{byte})"/>
    public void Set(string name, string value) => Set(name, Encoding.UTF8.GetBytes(value));

    private static byte[] Start(string name) => Encoding.UTF8.GetBytes($"{name}=");
}
