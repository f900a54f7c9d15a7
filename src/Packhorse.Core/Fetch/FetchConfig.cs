using Packhorse.Model;

namespace Packhorse.Fetch;

/// <summary>
/// What concerns downloads in pixi's <c>config.toml</c>, in kebab or snake case: <c>[mirrors]</c>, <c>[s3-options]</c>,
/// <c>[proxy-config]</c>, <c>concurrency.downloads</c>, <c>tls-no-verify</c> and <c>authentication-override-file</c>. What else pixi
/// knows there is left alone.
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
        "pinning-strategy",
        "pypi-config",
        "repodata-config",
        "run-post-link-scripts",
        "shell",
        "tool-platform",
    ];

    private readonly List<KeyValuePair<string, IReadOnlyList<string>>> _mirrors = [];
    private readonly Dictionary<string, S3Options> _buckets = new(StringComparer.Ordinal);
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

    /// <summary>By the buckets' names.</summary>
    public IReadOnlyDictionary<string, S3Options> Buckets => _buckets;

    /// <summary>A credentials file; null when the file does not say.</summary>
    public string? AuthenticationFile { get; private set; }

    /// <summary>Certificates are not looked at.</summary>
    public bool TrustsEverybody { get; private set; }

    /// <summary>For http URLs, for https URLs, and hosts that need none; null where the file does not say. May hold secrets.</summary>
    public (string? Http, string? Https, IReadOnlyList<string>? Without) Proxies { get; private set; }

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
            case "mirrors":
                TakeMirrors(setting);
                break;
            case "s3-options":
                TakeBucket(setting);
                break;
            case "proxy-config":
                TakeProxy(setting);
                break;
            case "concurrency":
                TakeConcurrency(setting);
                break;
            case "authentication-override-file":
                AuthenticationFile = setting.Text();
                break;
            case "tls-no-verify":
                TrustsEverybody = setting.Boolean();
                break;
            case "tls-root-certs":
                TakeRoots(setting);
                break;
            case "offline":
                WarnIf(setting.Boolean(), setting, "offline has no effect here: packages are brought all the same");
                break;
            default:
                WarnIf(!OfNoConcern.Contains(section), setting, $"unknown key {setting}");
                break;
        }
    }

    private void TakeConcurrency(TomlSetting setting)
    {
        if (setting.Path.Length == 1)
        {
            throw setting.Bad("is not a table");
        }
        switch (Kebab(setting.Path[1]))
        {
            case "downloads":
                Downloads = setting.PositiveNumber();
                break;
            case "solves":
                _ = setting.PositiveNumber();
                break;
            default:
                WarnIf(true, setting, $"unknown key {setting}");
                break;
        }
    }

    // There are no roots but the machine's: nothing that was built into a program years ago.
    private void TakeRoots(TomlSetting setting)
    {
        switch (setting.Text())
        {
            case "system" or "native" or "all" or "legacy-native":
                break;
            case "webpki":
                WarnIf(
                    true,
                    setting,
                    "tls-root-certs: the machine's certificates are used all the same (SSL_CERT_FILE, SSL_CERT_DIR)"
                );
                break;
            default:
                throw setting.Bad("is none of system, native, all and webpki");
        }
    }

    private void TakeBucket(TomlSetting setting)
    {
        if (setting.Path.Length != 3)
        {
            throw setting.Bad("is not a bucket with endpoint-url, region and force-path-style");
        }
        string bucket = setting.Path[1];
        S3Options options = _buckets.GetValueOrDefault(bucket) ?? new S3Options();
        switch (Kebab(setting.Path[2]))
        {
            case "endpoint-url":
                bool isUrl = Uri.TryCreate(setting.Text(), UriKind.Absolute, out Uri? endpoint);
                options =
                    isUrl && endpoint!.Scheme is "https" or "http"
                        ? options with
                        {
                            Endpoint = endpoint,
                        }
                        : throw setting.Bad("is not a URL of the web");
                break;
            case "region":
                options = options with { Region = setting.Text() };
                break;
            case "force-path-style":
                options = options with { ForcePathStyle = setting.Boolean() };
                break;
            default:
                WarnIf(true, setting, $"unknown key {setting}");
                break;
        }
        _buckets[bucket] = options;
    }

    private void TakeProxy(TomlSetting setting)
    {
        switch (setting.Path.Length == 2 ? Kebab(setting.Path[1]) : "")
        {
            case "http":
                Proxies = Proxies with { Http = setting.Text() };
                break;
            case "https":
                Proxies = Proxies with { Https = setting.Text() };
                break;
            case "non-proxy-hosts":
                Proxies = Proxies with { Without = setting.Texts() ?? throw setting.Bad("is not a list of hosts") };
                break;
            default:
                WarnIf(true, setting, $"unknown key {setting}");
                break;
        }
    }

    private void TakeMirrors(TomlSetting setting)
    {
        if (setting.Path.Length != 2)
        {
            throw setting.Bad("is not a list of URLs");
        }
        if (!Uri.TryCreate(setting.Path[1], UriKind.Absolute, out _))
        {
            throw setting.Bad("is not a URL");
        }
        IReadOnlyList<string> mirrors = setting.Texts() ?? throw setting.Bad("is not a list of URLs");
        foreach (string url in mirrors)
        {
            if (!Uri.TryCreate(url, UriKind.Absolute, out _))
            {
                throw setting.Bad("has a mirror that is not a URL");
            }
            WarnIf(
                !Source.IsSupported(url),
                setting,
                $"the mirror {Redaction.Quote(url)} is passed over: only {Source.SupportedKinds} are supported"
            );
        }
        _mirrors.Add(new(setting.Path[1], mirrors));
    }

    private void WarnIf(bool condition, TomlSetting setting, string warning)
    {
        if (condition)
        {
            _warnings.Add($"{_where}:{setting.Line}: {warning}");
        }
    }

    private static string Kebab(string key) => key.Replace('_', '-');
}
