using System.Globalization;
using System.IO.Enumeration;
using System.Text;
using Packhorse.Model;

namespace Packhorse.Signing;

/// <summary>Who may sign, and with which keys: a file as ssh-keygen(1), "ALLOWED SIGNERS", describes it, or public keys.</summary>
internal sealed class AllowedSigners
{
    private static readonly string[] TimeFormats = ["yyyyMMdd", "yyyyMMddHHmm", "yyyyMMddHHmmss"];

    private readonly List<Line> _lines = [];
    private readonly string _where;

    private AllowedSigners(string where) => _where = where;

    /// <param name="local">The time zone of times without Z.</param>
    /// <exception cref="UsageException">A line is none of that.</exception>
    public static AllowedSigners Parse(ReadOnlySpan<byte> content, TimeZoneInfo local, string where)
    {
        var signers = new AllowedSigners(where);
        int number = 0;
        foreach (string line in Encoding.UTF8.GetString(content).Split('\n'))
        {
            number++;
            string text = line.Trim();
            if (text.Length > 0 && text[0] != '#')
            {
                signers._lines.Add(ParseLine(text, local, $"{where}, line {number}"));
            }
        }
        return signers._lines.Count > 0
            ? signers
            : throw new UsageException(ErrorCodes.BadConfiguration, $"{where} has no keys");
    }

    /// <summary>Whose key it is.</summary>
    /// <returns>The names of the line, or the key's comment.</returns>
    /// <exception cref="CorruptDataException">The key is not there, or not for this, or not now.</exception>
    public string Find(SshPublicKey key, string purpose, DateTimeOffset now)
    {
        string? reason = null;
        foreach (Line line in _lines.Where(line => line.Key.AsSpan().SequenceEqual(key.Blob)))
        {
            reason = line.ReasonAgainst(purpose, now);
            if (reason is null)
            {
                return line.Names;
            }
        }
        throw new CorruptDataException(
            ErrorCodes.SignerNotAllowed,
            reason is null
                ? $"it is signed with the key {key}, which is not in {_where}"
                : $"it is signed with the key {key}, but {reason} ({_where})"
        )
        {
            Hint = "if you trust that key, add its line; ask for it by another way than the file came",
        };
    }

    private static Line ParseLine(string text, TimeZoneInfo local, string where)
    {
        List<string> fields = Split(text, char.IsWhiteSpace);
        // A key follows its type; what comes before are names and options.
        int type = Enumerable
            .Range(0, Math.Min(3, fields.Count - 1))
            .FirstOrDefault(i => fields[i + 1].StartsWith("AAAA", StringComparison.Ordinal), -1);
        if (type < 0 || !TryDecode(fields[type + 1], out byte[] key))
        {
            throw new UsageException(ErrorCodes.BadConfiguration, $"{where}: there is no public key")
            {
                Hint =
                    "a line is a public key, as in a .pub file, or names and a public key (ssh-keygen(1), ALLOWED SIGNERS)",
            };
        }
        string comment = string.Join(' ', fields.Skip(type + 2));
        var line = new Line { Names = type > 0 ? fields[0].Trim('"') : comment, Key = key };
        return type < 2
            ? line
            : Split(fields[1], c => c == ',')
                .Aggregate(line, (soFar, option) => WithOption(soFar, option, local, where));
    }

    private static Line WithOption(Line line, string option, TimeZoneInfo local, string where)
    {
        int equals = option.IndexOf('=', StringComparison.Ordinal);
        string name = (equals < 0 ? option : option[..equals]).ToLowerInvariant();
        string value = equals < 0 ? "" : option[(equals + 1)..].Trim('"');
        return name switch
        {
            "cert-authority" => line with { IsAuthority = true },
            "namespaces" => line with { Namespaces = value.Split(',') },
            "valid-after" => line with { ValidAfter = ParseTime(value, local, where) },
            "valid-before" => line with { ValidBefore = ParseTime(value, local, where) },
            _ => throw new UsageException(
                ErrorCodes.BadConfiguration,
                $"{where}: {EntryPath.Quote(name)} is no option of allowed signers"
            ),
        };
    }

    private static DateTimeOffset ParseTime(string text, TimeZoneInfo local, string where)
    {
        bool isUtc = text.EndsWith('Z');
        if (
            !DateTime.TryParseExact(
                isUtc ? text[..^1] : text,
                TimeFormats,
                CultureInfo.InvariantCulture,
                DateTimeStyles.None,
                out DateTime time
            )
        )
        {
            throw new UsageException(
                ErrorCodes.BadConfiguration,
                $"{where}: {EntryPath.Quote(text)} is no time: it is YYYYMMDD or YYYYMMDDHHMM[SS], with Z for UTC"
            );
        }
        return new DateTimeOffset(time, isUtc ? TimeSpan.Zero : local.GetUtcOffset(time));
    }

    private static bool TryDecode(string text, out byte[] bytes)
    {
        bytes = new byte[text.Length];
        bool decoded = Convert.TryFromBase64String(text, bytes, out int count);
        bytes = bytes[..count];
        return decoded;
    }

    // What stands between quotation marks is not split.
    private static List<string> Split(string text, Func<char, bool> isSeparator)
    {
        var parts = new List<string>();
        var part = new StringBuilder();
        bool quoted = false;
        foreach (char c in text)
        {
            quoted ^= c == '"';
            if (!quoted && isSeparator(c))
            {
                parts.Add(part.ToString());
                part.Clear();
            }
            else
            {
                part.Append(c);
            }
        }
        parts.Add(part.ToString());
        return [.. parts.Where(item => item.Length > 0)];
    }

    private sealed record Line
    {
        public required string Names { get; init; }

        public required byte[] Key { get; init; }

        public bool IsAuthority { get; init; }

        public string[]? Namespaces { get; init; }

        public DateTimeOffset? ValidAfter { get; init; }

        public DateTimeOffset? ValidBefore { get; init; }

        public string? ReasonAgainst(string purpose, DateTimeOffset now) =>
            IsAuthority ? "its line is that of an authority, and certificates are not supported"
            : Namespaces is not null && !IsFor(purpose)
                ? $"its line allows the namespaces {string.Join(", ", Namespaces)}, and not {purpose}"
            : now < ValidAfter ? $"its line counts from {Text(ValidAfter)} on"
            : now >= ValidBefore ? $"it has expired: its line counted until {Text(ValidBefore)}"
            : null;

        private bool IsFor(string purpose)
        {
            bool isFor = false;
            foreach (string pattern in Namespaces!)
            {
                bool negated = pattern.StartsWith('!');
                if (
                    FileSystemName.MatchesSimpleExpression(negated ? pattern[1..] : pattern, purpose, ignoreCase: false)
                )
                {
                    if (negated)
                    {
                        return false;
                    }
                    isFor = true;
                }
            }
            return isFor;
        }

        private static string Text(DateTimeOffset? time) =>
            time!.Value.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
    }
}
