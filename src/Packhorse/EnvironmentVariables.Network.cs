using Packhorse.Fetch;

namespace Packhorse;

/// <summary>Those that concern the network, which the runtime does not have.</summary>
public static partial class EnvironmentVariables
{
    /// <summary>The user's directory: <c>.rattler/credentials.json</c> and <c>.netrc</c> are looked for in it.</summary>
    public static string? Home => NotEmpty("HOME") ?? NotEmpty("USERPROFILE");

    /// <summary>rattler's: a credentials file, looked at after <c>--auth-file</c>.</summary>
    public static string? RattlerAuthFile => NotEmpty("RATTLER_AUTH_FILE");

    /// <summary>curl's: a netrc file, in place of <c>~/.netrc</c>.</summary>
    public static string? Netrc => NotEmpty("NETRC");

    /// <summary>The proxy for http URLs. In capitals it is not looked at where a web server may have set it (CGI).</summary>
    public static string? HttpProxy =>
        Environment.GetEnvironmentVariable("http_proxy")
        ?? (
            Environment.GetEnvironmentVariable("REQUEST_METHOD") is null
                ? Environment.GetEnvironmentVariable("HTTP_PROXY")
                : null
        );

    /// <summary>The proxy for https URLs.</summary>
    public static string? HttpsProxy => Either("https_proxy", "HTTPS_PROXY");

    /// <summary>The proxy for what has none of its own.</summary>
    public static string? AllProxy => Either("all_proxy", "ALL_PROXY");

    /// <summary>Hosts that need no proxy, with commas between them.</summary>
    public static string? NoProxy => Either("no_proxy", "NO_PROXY");

    /// <summary>What AWS tools look at: keys, region, endpoint and profile for buckets.</summary>
    public static AwsVariables Aws =>
        new()
        {
            AccessKeyId = NotEmpty("AWS_ACCESS_KEY_ID"),
            SecretAccessKey = NotEmpty("AWS_SECRET_ACCESS_KEY"),
            SessionToken = NotEmpty("AWS_SESSION_TOKEN"),
            Region = NotEmpty("AWS_REGION") ?? NotEmpty("AWS_DEFAULT_REGION"),
            EndpointUrl = NotEmpty("AWS_ENDPOINT_URL_S3") ?? NotEmpty("AWS_ENDPOINT_URL"),
            Profile = NotEmpty("AWS_PROFILE"),
            ConfigFile = NotEmpty("AWS_CONFIG_FILE"),
            CredentialsFile = NotEmpty("AWS_SHARED_CREDENTIALS_FILE"),
            Home = Home,
        };

    /// <summary>Where conda, mamba and pixi keep packages; archives among them are used.</summary>
    public static IReadOnlyList<string> PackageDirectories
    {
        get
        {
            string? cache = NotEmpty("XDG_CACHE_HOME") ?? (Home is { } home ? Path.Combine(home, ".cache") : null);
            string?[] directories =
            [
                Below(NotEmpty("PIXI_CACHE_DIR"), "pkgs"),
                Below(NotEmpty("RATTLER_CACHE_DIR"), "pkgs"),
                Below(cache, "rattler/cache/pkgs"),
                .. (NotEmpty("CONDA_PKGS_DIRS") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries),
                Below(NotEmpty("MAMBA_ROOT_PREFIX"), "pkgs"),
                Below(Home, ".conda/pkgs"),
            ];
            return [.. directories.OfType<string>().Where(Path.IsPathFullyQualified)];
        }
    }

    private static string? Below(string? directory, string name) =>
        directory is null ? null : Path.Combine(directory, name);

    private static string? NotEmpty(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private static string? Either(string lower, string upper) =>
        Environment.GetEnvironmentVariable(lower) ?? Environment.GetEnvironmentVariable(upper);
}
