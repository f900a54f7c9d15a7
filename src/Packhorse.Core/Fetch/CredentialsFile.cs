using System.Text.Json;
using Packhorse.Model;

namespace Packhorse.Fetch;

/// <summary>
/// rattler's credentials file, which <c>pixi auth login</c> writes: a JSON object from hosts, <c>*.domain</c> and URL prefixes to one
/// object each, with its kind as the only member. Messages have lines and never a value.
/// </summary>
internal ref struct CredentialsFile
{
    private const int MostBytes = 16 << 20;

    private readonly string _where;
    private readonly ReadOnlySpan<byte> _json;
    private readonly DateTimeOffset _now;
    private readonly List<string> _warnings;
    private Utf8JsonReader _reader;

    private CredentialsFile(ReadOnlySpan<byte> json, string where, DateTimeOffset now, List<string> warnings)
    {
        _json = json.StartsWith("\uFEFF"u8) ? json[3..] : json;
        _where = where;
        _now = now;
        _warnings = warnings;
        _reader = new Utf8JsonReader(_json);
    }

    /// <param name="where">Its path.</param>
    /// <param name="now">What tells whether a token has expired.</param>
    /// <param name="warnings">Gets sentences about entries that cannot be used.</param>
    /// <returns>Credentials by what they are for, as written.</returns>
    /// <exception cref="UsageException">It is not what such a file is.</exception>
    public static Dictionary<string, Credential> Parse(
        ReadOnlySpan<byte> json,
        string where,
        DateTimeOffset now,
        List<string> warnings
    )
    {
        if (json.Length > MostBytes)
        {
            throw new UsageException(ErrorCodes.BadConfiguration, $"{where} is too large to be a credentials file");
        }
        var file = new CredentialsFile(json, where, now, warnings);
        try
        {
            return file.ReadHosts();
        }
        catch (JsonException error)
        {
            // The parser's own message quotes the text, and the text is secret: it is no cause of this one either.
            throw new UsageException(
                ErrorCodes.BadConfiguration,
                $"{where}:{error.LineNumber + 1}:{error.BytePositionInLine + 1}: not JSON"
            );
        }
        catch (InvalidOperationException)
        {
            throw file.Bad("holds text that is not UTF-8");
        }
    }

    private Dictionary<string, Credential> ReadHosts()
    {
        var hosts = new Dictionary<string, Credential>(StringComparer.Ordinal);
        Require(_reader.Read() && _reader.TokenType == JsonTokenType.StartObject, "must be an object of hosts");
        while (NextName() is { } host)
        {
            Credential? credential = ReadCredential();
            if (credential is not null)
            {
                hosts[host] = credential;
            }
        }
        // What follows is none of ours, but must be nothing.
        _ = _reader.Read();
        return hosts;
    }

    private Credential? ReadCredential()
    {
        Require(_reader.Read() && _reader.TokenType == JsonTokenType.StartObject, "must be an object with one member");
        string kind = NextName() ?? throw Bad("names no kind of credentials");
        Credential? credential = kind switch
        {
            "BearerToken" => new BearerCredential(ReadText(kind), _where),
            "CondaToken" => new CondaTokenCredential(ReadText(kind), _where),
            "BasicHTTP" => ReadBasic(),
            "S3Credentials" => ReadS3(),
            "OAuth" => ReadOAuth(),
            _ => throw Bad($"{EntryPath.Quote(kind)} is not a kind of credentials that is known"),
        };
        Require(NextName() is null, "has more than one kind of credentials");
        return credential;
    }

    private BasicCredential ReadBasic()
    {
        Dictionary<string, string?> members = ReadMembers("BasicHTTP");
        return new BasicCredential(
            Required(members, "BasicHTTP", "username"),
            Required(members, "BasicHTTP", "password"),
            _where
        );
    }

    private S3Credential ReadS3()
    {
        Dictionary<string, string?> members = ReadMembers("S3Credentials");
        return new S3Credential(
            Required(members, "S3Credentials", "access_key_id"),
            Required(members, "S3Credentials", "secret_access_key"),
            members.GetValueOrDefault("session_token"),
            _where
        );
    }

    // pixi renews tokens; what it wrote last is used as long as it holds.
    private BearerCredential? ReadOAuth()
    {
        long line = Line;
        Dictionary<string, string?> members = ReadMembers("OAuth");
        string token = Required(members, "OAuth", "access_token");
        if (
            long.TryParse(members.GetValueOrDefault("expires_at"), out long expires)
            && expires <= _now.ToUnixTimeSeconds()
        )
        {
            _warnings.Add($"{_where}:{line}: the OAuth token has expired and is not used: pixi auth login renews it");
            return null;
        }
        return new BearerCredential(token, _where, "OAuth");
    }

    /// <summary>The members of an object whose values are text, numbers or null; others are passed over.</summary>
    private Dictionary<string, string?> ReadMembers(string kind)
    {
        var members = new Dictionary<string, string?>(StringComparer.Ordinal);
        Require(_reader.Read() && _reader.TokenType == JsonTokenType.StartObject, $"{kind} must be an object");
        while (NextName() is { } name)
        {
            _ = _reader.Read();
            switch (_reader.TokenType)
            {
                case JsonTokenType.String:
                    members[name] = _reader.GetString();
                    break;
                case JsonTokenType.Number when _reader.TryGetInt64(out long number):
                    members[name] = number.ToString(System.Globalization.CultureInfo.InvariantCulture);
                    break;
                default:
                    _reader.Skip();
                    break;
            }
        }
        return members;
    }

    private readonly string Required(Dictionary<string, string?> members, string kind, string name) =>
        members.GetValueOrDefault(name) is { Length: > 0 } value
            ? CheckLine(value, name)
            : throw Bad($"{kind} lacks {name}");

    private string ReadText(string kind)
    {
        Require(_reader.Read() && _reader.TokenType == JsonTokenType.String, $"{kind} must be a text");
        string text = _reader.GetString()!;
        Require(text.Length > 0, $"{kind} is empty");
        return CheckLine(text, kind);
    }

    // A header ends with its line.
    private readonly string CheckLine(string text, string what) =>
        text.Any(char.IsControl) ? throw Bad($"{what} has control characters") : text;

    private string? NextName()
    {
        _ = _reader.Read();
        return _reader.TokenType == JsonTokenType.PropertyName ? _reader.GetString() : null;
    }

    private readonly void Require(bool condition, string what)
    {
        if (!condition)
        {
            throw Bad(what);
        }
    }

    private readonly long Line => 1 + _json[..(int)Math.Min(_reader.TokenStartIndex, _json.Length)].Count((byte)'\n');

    private readonly UsageException Bad(string what) =>
        new(ErrorCodes.BadConfiguration, $"{_where}:{Line}: {what}")
        {
            Hint = "a credentials file is an object such as {\"repo.example.org\": {\"BearerToken\": \"…\"}}",
        };
}
