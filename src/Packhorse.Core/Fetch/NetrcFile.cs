using Packhorse.Model;

namespace Packhorse.Fetch;

/// <summary>
/// A netrc file: <c>machine HOST login NAME password WORD</c>, with any white space between. <c>default</c> is passed over: it would
/// give a password to every host that a lock file or mirror names.
/// </summary>
internal sealed class NetrcFile
{
    private readonly List<(string Word, int Line)> _words;
    private readonly string _where;
    private int _next;

    private NetrcFile(string text, string where)
    {
        _where = where;
        _words = Split(text);
    }

    /// <param name="where">Its path.</param>
    /// <returns>Credentials by host; of several for one host the first.</returns>
    /// <exception cref="UsageException">A word stands where none may, or one lacks; with its line, never with the word.</exception>
    public static Dictionary<string, Credential> Parse(string text, string where) => new NetrcFile(text, where).Read();

    private Dictionary<string, Credential> Read()
    {
        var hosts = new Dictionary<string, Credential>(StringComparer.Ordinal);
        while (_next < _words.Count)
        {
            string? host = ReadHost();
            string login = "";
            string? password = null;
            while (_next < _words.Count && _words[_next].Word is "login" or "password" or "account")
            {
                string what = _words[_next++].Word;
                string value = Value(what);
                login = what == "login" ? value : login;
                password = what == "password" ? value : password;
            }
            if (host is not null && password is not null)
            {
                hosts.TryAdd(host, new BasicCredential(login, password, _where, "password"));
            }
        }
        return hosts;
    }

    // Null for what is not a machine.
    private string? ReadHost()
    {
        (string word, int line) = _words[_next++];
        return word switch
        {
            "machine" => Value(word).ToLowerInvariant(),
            "default" => null,
            _ => throw new UsageException(
                ErrorCodes.BadConfiguration,
                $"{_where}:{line}: expected machine, default, login, password, account or macdef"
            )
            {
                Hint = "a value with a blank in it stands in quotation marks",
            },
        };
    }

    private string Value(string what) =>
        _next < _words.Count
            ? _words[_next++].Word
            : throw new UsageException(
                ErrorCodes.BadConfiguration,
                $"{_where}:{_words[^1].Line}: nothing stands after {what}"
            );

    private static List<(string Word, int Line)> Split(string text)
    {
        var words = new List<(string, int)>();
        string[] lines = text.Split('\n');
        for (int line = 0; line < lines.Length; line++)
        {
            int at = 0;
            while (NextWord(lines[line], ref at) is { } word)
            {
                if (word == "macdef")
                {
                    // A macro lasts until an empty line.
                    while (line < lines.Length && lines[line].Trim().Length > 0)
                    {
                        line++;
                    }
                    break;
                }
                words.Add((word, line + 1));
            }
        }
        return words;
    }

    // Null at the end of the line and at a comment.
    private static string? NextWord(string line, ref int at)
    {
        while (at < line.Length && char.IsWhiteSpace(line[at]))
        {
            at++;
        }
        if (at == line.Length || line[at] == '#')
        {
            return null;
        }
        bool quoted = line[at] == '"';
        at += quoted ? 1 : 0;
        var word = new System.Text.StringBuilder();
        while (at < line.Length && (quoted ? line[at] != '"' : !char.IsWhiteSpace(line[at])))
        {
            // As curl does: \" and \\ within quotation marks.
            at += quoted && line[at] == '\\' && at + 1 < line.Length ? 1 : 0;
            word.Append(line[at++]);
        }
        at += quoted && at < line.Length ? 1 : 0;
        return word.ToString();
    }
}
