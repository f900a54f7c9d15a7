using Packhorse.Model;

namespace Packhorse.Publish;

/// <summary>Why a session on another machine did not begin or broke off, in words.</summary>
internal static class SshFailure
{
    private const int ShownCharacters = 400;

    /// <summary>It ended before the shell there answered.</summary>
    /// <param name="error">What <c>ssh</c> wrote to standard error.</param>
    /// <param name="noise">What came on standard output in place of an answer.</param>
    public static PackhorseException NotConnected(SshTarget target, int exitCode, string error, string noise)
    {
        string said = LastLines(error);
        string login = $"ssh {target.Host}";
        if (Has(error, "REMOTE HOST IDENTIFICATION HAS CHANGED"))
        {
            return NotTrusted(
                target,
                "its key is another one than known_hosts has",
                "ask whoever runs it before you trust the new key"
            );
        }
        if (Has(error, "Host key verification failed", "host key is known"))
        {
            return NotTrusted(target, "its key is not known here", $"compare its fingerprint once: {login}");
        }
        if (
            Has(error, "Permission denied (", "Too many authentication failures", "Permission denied, please try again")
        )
        {
            return new OperationFailedException(ErrorCodes.ServerRefused, $"{target.Host} does not let you in: {said}")
            {
                Hint = $"when \"{login}\" works, this does too",
            };
        }
        // 255 is its own; any other is of what ran there.
        return exitCode == 255
            ? new TransientException(ErrorCodes.ConnectionLost, $"no connection to {target.Host}: {said}")
            {
                Hint = $"when \"{login}\" works, this does too",
            }
            : new OperationFailedException(
                ErrorCodes.ServerRefused,
                $"{target.Host} starts no sh (exit code {exitCode}): {LastLines($"{noise}\n{error}")}"
            )
            {
                Hint = "an account that only takes files, by sftp or rsync, cannot be published to",
            };
    }

    /// <summary>It ended while an answer was waited for.</summary>
    public static TransientException Cut(SshTarget target, string error) =>
        new(
            ErrorCodes.ConnectionLost,
            $"the connection to {target.Host} was cut; what was on its way has no name there: {LastLines(error)}"
        )
        {
            Hint = "the same command again; what has its name already is not sent once more",
        };

    /// <summary>The shell there says that something cannot be done.</summary>
    /// <param name="kind">As <c>remote.sh</c> calls it.</param>
    public static PackhorseException Refused(SshTarget target, string kind, string text) =>
        kind switch
        {
            "nodigest" => new NotFoundException(
                ErrorCodes.FileNotFound,
                $"{target.Host} has no sha256sum (nor shasum, openssl, sha256): what is written could not be compared, so nothing is"
            ),
            "absent" => new NotFoundException(
                ErrorCodes.FileNotFound,
                $"there is no directory {EntryPath.Quote(target.Location(target.Path))}, nor one above it to create it in"
            )
            {
                Hint = $"if it is the right one: {target.CommandLine($"mkdir -p {ShellText.Quote(target.Path)}")}",
            },
            "nodirectory" => new SystemRefusedException(
                ErrorCodes.NotADirectory,
                $"{EntryPath.Quote(target.Location(target.Path))} is not a directory"
            ),
            _ => OfSystem(target, LastLines(text)),
        };

    private static SystemRefusedException OfSystem(SshTarget target, string text)
    {
        (string code, string? hint) =
            Has(text, "quota") ? (ErrorCodes.DiskFull, "your quota there is used up: remove what no job needs any more")
            : Has(text, "No space left")
                ? (ErrorCodes.DiskFull, "make room there; \"packhorse published\" names what is older or broken")
            : Has(text, "Read-only file system") ? (ErrorCodes.ReadOnly, null)
            : Has(text, "Permission denied", "Operation not permitted")
                ? (ErrorCodes.PermissionDenied, "publish to a directory of your own")
            : (ErrorCodes.SystemRefused, (string?)null);
        return new SystemRefusedException(code, $"{target.Host} refused: {text}") { Hint = hint };
    }

    private static OperationFailedException NotTrusted(SshTarget target, string why, string hint) =>
        new(ErrorCodes.ServerNotTrusted, $"{target.Host} is not trusted: {why}") { Hint = hint };

    private static bool Has(string text, params ReadOnlySpan<string> words)
    {
        foreach (string word in words)
        {
            if (text.Contains(word, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }
        return false;
    }

    private static string LastLines(string text)
    {
        string[] lines = text.Split(
            ['\n', '\r'],
            StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries
        );
        string said = string.Join("; ", lines.TakeLast(3));
        return said.Length == 0 ? "it does not say why" : said[Math.Max(0, said.Length - ShownCharacters)..];
    }
}
