using System.Globalization;
using Packhorse.Model;

namespace Packhorse.Publish;

/// <summary>A directory of another machine, as <c>[USER@]HOST:PATH</c> of scp or <c>ssh://[USER@]HOST[:PORT]/PATH</c>.</summary>
/// <param name="Host">With the user's name where one was given; as <c>ssh</c> gets it.</param>
/// <param name="Port">Null where the configuration of <c>ssh</c> says it.</param>
/// <param name="Path">Absolute, or relative to the home directory there, then with "./" before it.</param>
public sealed record SshTarget(string Host, int? Port, string Path)
{
    private const string Scheme = "ssh://";

    /// <returns>Null for what is a path of this machine: without a colon before its first slash.</returns>
    /// <exception cref="UsageException">It has a colon there, and is neither form.</exception>
    public static SshTarget? Parse(string destination)
    {
        if (destination.StartsWith(Scheme, StringComparison.Ordinal))
        {
            return ParseUrl(destination);
        }
        if (
            destination.Contains("://", StringComparison.Ordinal)
            && destination.IndexOf('/') > destination.IndexOf(':')
        )
        {
            throw Mistaken(destination, ErrorCodes.UnsupportedUrl, "nothing can be published there");
        }
        int colon = ColonOf(destination);
        return colon < 0 ? null
            : colon == 0 ? throw Mistaken(destination, ErrorCodes.BadArguments, "no machine is named before the colon")
            : Checked(
                destination,
                new SshTarget(destination[..colon], null, PathOf(destination, destination[(colon + 1)..]))
            );
    }

    /// <summary>A file there, as people write it.</summary>
    /// <param name="path">Absolute.</param>
    public string Location(string path) =>
        Port is { } port
            ? string.Create(CultureInfo.InvariantCulture, $"{Scheme}{Host}:{port}{PelicanUrl.Escape(path)}")
            : $"{Host}:{path}";

    /// <summary>What <c>ssh</c> is told before the command.</summary>
    public IEnumerable<string> Words =>
        Port is { } port ? ["-p", port.ToString(CultureInfo.InvariantCulture), "--", SshHost] : ["--", SshHost];

    /// <summary>The line of a shell here that runs a line of a shell there.</summary>
    public string CommandLine(string line) =>
        $"ssh {string.Join(' ', Words.Where(word => word != "--").Append(line).Select(ShellText.Quote))}";

    // ssh takes an IPv6 address without the brackets that keep its colons from the path.
    private string SshHost =>
        Host.Replace("[", "", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal);

    private static int ColonOf(string destination)
    {
        int slash = destination.IndexOf('/');
        int bracket = destination.IndexOf('[');
        int closing = bracket < 0 ? -1 : destination.IndexOf("]:", bracket, StringComparison.Ordinal);
        int colon = closing >= 0 ? closing + 1 : destination.IndexOf(':');
        return colon >= 0 && (slash < 0 || colon < slash) ? colon : -1;
    }

    private static SshTarget ParseUrl(string url)
    {
        string rest = url[Scheme.Length..];
        int slash = rest.IndexOf('/');
        if (slash <= 0)
        {
            throw Mistaken(url, ErrorCodes.BadArguments, "a machine and a path are needed");
        }
        string host = rest[..slash];
        string path = Uri.UnescapeDataString(rest[slash..]);
        int? port = null;
        int colon = host.LastIndexOf(':');
        if (colon > host.LastIndexOf(']'))
        {
            port =
                int.TryParse(host[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                && number is > 0 and <= ushort.MaxValue
                    ? number
                    : throw Mistaken(url, ErrorCodes.BadArguments, "its port is no number from 1 to 65535");
            host = host[..colon];
        }
        // As git has it: the home directory is /~ in a URL.
        path = path == "/~" || path.StartsWith("/~/", StringComparison.Ordinal) ? path[1..] : path;
        return Checked(url, new SshTarget(host, port, PathOf(url, path)));
    }

    private static SshTarget Checked(string destination, SshTarget target) =>
        target.Host.StartsWith('-') || target.Host.Length == 0 || target.Host.Any(c => char.IsControl(c) || c == ' ')
            ? throw Mistaken(destination, ErrorCodes.BadArguments, "the name of the machine is none")
            : target;

    private static string PathOf(string destination, string path)
    {
        if (path.Contains('\0'))
        {
            throw Mistaken(destination, ErrorCodes.BadArguments, "no path holds NUL");
        }
        if (path.StartsWith('/'))
        {
            string trimmed = path.TrimEnd('/');
            return trimmed.Length == 0 ? "/" : trimmed;
        }
        string relative =
            path is "" or "~" ? "."
            : path.StartsWith("~/", StringComparison.Ordinal) ? path[2..]
            : path.StartsWith('~') ? throw Mistaken(destination, ErrorCodes.BadArguments, "write the path in full")
            : path;
        return $"./{relative.TrimEnd('/')}";
    }

    private static UsageException Mistaken(string destination, string code, string mistake) =>
        new(code, $"{Redaction.Quote(destination)}: {mistake}")
        {
            Hint = "a directory of this machine, user@host:/path, or ssh://user@host:port/path",
        };
}
