using System.Text.RegularExpressions;

namespace Packhorse.EndToEnd;

/// <summary>A path that a system call names.</summary>
/// <param name="Path">Absolute.</param>
/// <param name="Writes">Makes, changes or removes it.</param>
/// <param name="Looks">Asks only what is there.</param>
internal readonly record struct TouchedPath(string Path, bool Writes, bool Looks);

/// <summary>A line of <c>strace -f -y</c>: a process, a system call, its arguments.</summary>
internal sealed partial record SystemCall(int Process, string Name, string Arguments)
{
    private static readonly string[] Looking =
    [
        "stat",
        "lstat",
        "newfstatat",
        "statx",
        "access",
        "faccessat",
        "faccessat2",
        "readlink",
        "readlinkat",
        "statfs",
        "getcwd",
        "chdir",
    ];

    private static readonly string[] Opening = ["open", "openat", "openat2", "execve"];

    /// <returns>Null for what is no call: signals, exits, the second half of an interrupted one.</returns>
    public static SystemCall? Parse(string line)
    {
        Match match = Line().Match(line);
        return match.Success
            ? new SystemCall(int.Parse(match.Groups[1].Value), match.Groups[2].Value, match.Groups[3].Value)
            : null;
    }

    public bool Failed => Arguments.Contains(") = -1 ", StringComparison.Ordinal);

    /// <param name="current">The directory that relative paths without another begin at.</param>
    public IEnumerable<TouchedPath> Paths(string current)
    {
        bool looks = Looking.Contains(Name);
        bool opens = Opening.Contains(Name);
        bool writes = !looks && (!opens || Writing().IsMatch(Arguments));
        IReadOnlyList<Match> names = PathArgument().Matches(Arguments);
        // Of execve and readlink only the first string is a path; of symlink the last one.
        IEnumerable<Match> meant =
            looks || opens ? names.Take(1)
            : Name.StartsWith("symlink", StringComparison.Ordinal) ? names.TakeLast(1)
            : names;
        foreach (Match name in meant)
        {
            string directory = name.Groups["directory"].Success ? name.Groups["directory"].Value : current;
            string path = name.Groups["path"].Value;
            if (path.Length > 0)
            {
                yield return new TouchedPath(Path.GetFullPath(path, directory), writes, looks);
            }
        }
    }

    [GeneratedRegex(@"^(\d+) +(\w+)\((.*)$")]
    private static partial Regex Line();

    [GeneratedRegex("""(?:(?:AT_FDCWD|\d+)<(?<directory>[^>]*)>, )?"(?<path>(?:[^"\\]|\\.)*)"(?!\.\.\.)""")]
    private static partial Regex PathArgument();

    [GeneratedRegex(@"O_WRONLY|O_RDWR|O_CREAT")]
    private static partial Regex Writing();
}
