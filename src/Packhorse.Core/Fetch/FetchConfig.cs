using Packhorse.Model;
using Tomlyn.Syntax;

namespace Packhorse.Fetch;

/// <summary>
/// What concerns downloads in pixi's <c>config.toml</c>: <c>[mirrors]</c> and <c>concurrency.downloads</c>, in kebab or snake case.
/// What else pixi knows there is left alone.
/// </summary>
public sealed class FetchConfig
{
    // Keys of pixi and rattler that say nothing about the bytes of packages.
    private static readonly HashSet<string> OfNoConcern =
    [
        "allow-hard-links",
        "allow-ref-links",
        "allow-symbolic-links",
        "build",
        "cache",
        "change-ps1",
        "channel-config",
        "default-channels",
        "detached-environments",
        "experimental",
        "force-activate",
        "index-config",
        "offline",
        "pinning-strategy",
        "pypi-config",
        "repodata-config",
        "run-post-link-scripts",
        "shell",
        "tls-root-certs",
        "tool-platform",
    ];

    // Keys that someone set in order to change how packages are brought, and what to do instead.
    private static readonly Dictionary<string, string> WithoutEffect = new()
    {
        ["authentication-override-file"] = "name the file on the command line",
        ["proxy-config"] = "set HTTPS_PROXY, HTTP_PROXY and NO_PROXY",
        ["s3-options"] = "s3:// is not supported yet",
        ["tls-no-verify"] = "certificates are always verified; SSL_CERT_FILE names further ones",
    };

    private readonly List<KeyValuePair<string, IReadOnlyList<string>>> _mirrors = [];
    private readonly List<string> _warnings = [];
    private readonly string _where;

    private FetchConfig(string where)
    {
        _where = where;
    }

    /// <summary>Made anew at each call: a map remembers failures.</summary>
    public MirrorMap CreateMirrorMap() => new(_mirrors);

    /// <summary>Downloads at once; null when the file does not say.</summary>
    public int? Downloads { get; private set; }

    /// <summary>Sentences about keys that have no effect, each with its line.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <param name="toml">The text of the file.</param>
    /// <param name="where">What messages call it: its path.</param>
    /// <exception cref="UsageException">It is not TOML, or a value makes no sense.</exception>
    public static FetchConfig Parse(string toml, string where)
    {
        var config = new FetchConfig(where);
        foreach (TomlSetting setting in TomlSetting.ReadAll(toml, where))
        {
            config.Take(setting);
        }
        return config;
    }

    private void Take(TomlSetting setting)
    {
        string section = Kebab(setting.Path[0]);
        switch (section)
        {
            case "mirrors" when setting.Path.Length == 2:
                TakeMirrors(setting);
                break;
            case "mirrors":
                throw Bad(setting, "is not a list of URLs");
            case "concurrency" when setting.Path.Length == 1:
                throw Bad(setting, "is not a table");
            case "concurrency" when setting.Path.Length == 2 && Kebab(setting.Path[1]) == "downloads":
                Downloads = PositiveNumber(setting);
                break;
            case "concurrency" when setting.Path.Length == 2 && Kebab(setting.Path[1]) == "solves":
                _ = PositiveNumber(setting);
                break;
            default:
                TakeOther(section, setting);
                break;
        }
    }

    private void TakeOther(string section, TomlSetting setting)
    {
        // "false" is what happens here anyway.
        bool isDefault = section == "tls-no-verify" && setting.Value is BooleanValueSyntax { Value: false };
        if (WithoutEffect.TryGetValue(section, out string? instead))
        {
            string warning = $"{section} has no effect here: {instead}";
            if (!isDefault && !_warnings.Exists(earlier => earlier.EndsWith(warning, StringComparison.Ordinal)))
            {
                _warnings.Add($"{_where}:{setting.Line}: {warning}");
            }
        }
        else if (!OfNoConcern.Contains(section))
        {
            _warnings.Add($"{_where}:{setting.Line}: unknown key {Quoted(setting)}");
        }
    }

    private void TakeMirrors(TomlSetting setting)
    {
        if (!Uri.TryCreate(setting.Path[1], UriKind.Absolute, out _))
        {
            throw Bad(setting, "is not a URL");
        }
        if (setting.Value is not ArraySyntax list)
        {
            throw Bad(setting, "is not a list of URLs");
        }
        var mirrors = new List<string>();
        foreach (ArrayItemSyntax item in list.Items)
        {
            if (item.Value is not StringValueSyntax { Value: { } url } || !Uri.TryCreate(url, UriKind.Absolute, out _))
            {
                throw Bad(setting, "has a mirror that is not a URL");
            }
            if (!Source.IsSupported(url))
            {
                _warnings.Add(
                    $"{_where}:{setting.Line}: the mirror {Redaction.Quote(url)} is passed over: only https://, http:// and file:// are supported yet"
                );
            }
            mirrors.Add(url);
        }
        _mirrors.Add(new(setting.Path[1], mirrors));
    }

    private int PositiveNumber(TomlSetting setting) =>
        setting.Value is IntegerValueSyntax { Value: > 0 and <= int.MaxValue } number
            ? (int)number.Value
            : throw Bad(setting, "is not a number of at least 1");

    private UsageException Bad(TomlSetting setting, string what) =>
        new(ErrorCodes.BadConfiguration, $"{_where}:{setting.Line}: {Quoted(setting)} {what}");

    private static string Quoted(TomlSetting setting) => Redaction.Quote(string.Join('.', setting.Path));

    private static string Kebab(string key) => key.Replace('_', '-');
}
