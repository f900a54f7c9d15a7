using Packhorse.Model;

namespace Packhorse.Mount;

/// <summary>A way to have an environment there, in the order in which they are tried.</summary>
public enum Rung
{
    /// <summary>Another process of this job has it mounted already.</summary>
    Join,

    /// <summary>Mounted in a user namespace and a mount namespace of its own.</summary>
    Namespace,

    /// <summary>Mounted by <c>fusermount3</c>.</summary>
    FuserMount,

    /// <summary>Unpacked into scratch space.</summary>
    Unpack,
}

/// <summary>What was found out about a rung.</summary>
/// <param name="IsTaken">It was the one.</param>
/// <param name="Finding">Why it was not, or how.</param>
public readonly record struct RungFinding(Rung Rung, bool IsTaken, string Finding);

/// <summary>
/// Which rungs may be tried: names with commas between them. <c>auto</c> stands for all, <c>mount</c> for all but unpacking; a name
/// with a hyphen before it is left out.
/// </summary>
public sealed record StartPolicy
{
    private static readonly (string Name, Rung Rung)[] Names =
    [
        ("join", Rung.Join),
        ("namespace", Rung.Namespace),
        ("fusermount", Rung.FuserMount),
        ("unpack", Rung.Unpack),
    ];

    private readonly HashSet<Rung> _allowed;

    private StartPolicy(string text, HashSet<Rung> allowed) => (Text, _allowed) = (text, allowed);

    /// <summary>As it was given.</summary>
    public string Text { get; }

    public static IReadOnlyList<Rung> Rungs { get; } = [.. Names.Select(name => name.Rung)];

    public static StartPolicy Auto { get; } = Parse(null, "");

    public static string NameOf(Rung rung) => Names.First(name => name.Rung == rung).Name;

    public bool Allows(Rung rung) => _allowed.Contains(rung);

    /// <summary>The same without some.</summary>
    public StartPolicy Without(params IEnumerable<Rung> rungs) => new(Text, [.. _allowed.Except(rungs)]);

    /// <param name="text">Null or empty: all.</param>
    /// <param name="source">The option or variable, for messages.</param>
    /// <exception cref="UsageException">An unknown name, or nothing is left.</exception>
    public static StartPolicy Parse(string? text, string source)
    {
        string[] words = (text ?? "").Split(
            ',',
            StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries
        );
        bool onlyForbids = words.All(word => word.StartsWith('-'));
        HashSet<Rung> allowed = onlyForbids ? [.. Rungs] : [];
        foreach (string word in words.Where(word => !word.StartsWith('-')))
        {
            allowed.UnionWith(Meant(word, source));
        }
        foreach (string word in words.Where(word => word.StartsWith('-')))
        {
            allowed.ExceptWith(Meant(word[1..], source));
        }
        return allowed.Count > 0
            ? new StartPolicy(text ?? "auto", allowed)
            : throw new UsageException(ErrorCodes.BadArguments, $"{source} forbids every way to start");
    }

    private static IEnumerable<Rung> Meant(string word, string source) =>
        word switch
        {
            "auto" => Rungs,
            "mount" => Rungs.Where(rung => rung != Rung.Unpack),
            _ => Names.Where(name => name.Name == word).Select(name => name.Rung).ToArray() is { Length: > 0 } found
                ? found
                : throw new UsageException(
                    ErrorCodes.BadArguments,
                    $"{source}: {EntryPath.Quote(word)} is no way to start"
                )
                {
                    Hint = "known are auto, mount, join, namespace, fusermount and unpack; -NAME leaves one out",
                },
        };
}
