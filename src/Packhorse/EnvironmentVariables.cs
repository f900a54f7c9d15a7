namespace Packhorse;

/// <summary>Every environment variable that is looked at, here and nowhere else.</summary>
public static class EnvironmentVariables
{
    /// <summary>The kind of terminal; "dumb" or unset: no progress bar.</summary>
    public static string? Term => Environment.GetEnvironmentVariable("TERM");

    /// <summary>Set to anything: no colours (no-color.org).</summary>
    public static bool NoColor => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    /// <summary>HTCondor's scratch directory of the job: environments to run are unpacked there.</summary>
    public static string? CondorScratchDirectory => Environment.GetEnvironmentVariable("_CONDOR_SCRATCH_DIR");

    /// <summary>The directory for temporary files: environments to run are unpacked there when no job has a scratch directory.</summary>
    public static string? TemporaryDirectory => Environment.GetEnvironmentVariable("TMPDIR");

    /// <summary>Which ways to start may be tried, as with <c>--start</c>.</summary>
    public static string? Start => Environment.GetEnvironmentVariable(StartName);

    public const string StartName = "PACKHORSE_START";

    /// <summary>OpenSSL's: a file of authorities' certificates, in place of the machine's.</summary>
    public static string? CertificateFile => Environment.GetEnvironmentVariable(CertificateFileName);

    /// <summary>OpenSSL's: a directory of authorities' certificates, in place of the machine's.</summary>
    public static string? CertificateDirectory => Environment.GetEnvironmentVariable("SSL_CERT_DIR");

    /// <summary>The user's directory: <c>.rattler/credentials.json</c> and <c>.netrc</c> are looked for in it.</summary>
    public static string? Home =>
        Environment.GetEnvironmentVariable("HOME") is { Length: > 0 } home
            ? home
            : Environment.GetEnvironmentVariable("USERPROFILE");

    /// <summary>rattler's: a credentials file, looked at after <c>--auth-file</c>.</summary>
    public static string? RattlerAuthFile => Environment.GetEnvironmentVariable("RATTLER_AUTH_FILE");

    /// <summary>curl's: a netrc file, in place of <c>~/.netrc</c>.</summary>
    public static string? Netrc => Environment.GetEnvironmentVariable("NETRC") is { Length: > 0 } path ? path : null;

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

    /// <summary>The name of <see cref="CertificateFile"/>.</summary>
    internal const string CertificateFileName = "SSL_CERT_FILE";

    private static string? Either(string lower, string upper) =>
        Environment.GetEnvironmentVariable(lower) ?? Environment.GetEnvironmentVariable(upper);

    /// <summary>All variables as NAME=VALUE, to be passed on.</summary>
    public static IEnumerable<byte[]> All
    {
        get
        {
            foreach (System.Collections.DictionaryEntry entry in Environment.GetEnvironmentVariables())
            {
                yield return System.Text.Encoding.UTF8.GetBytes($"{entry.Key}={entry.Value}");
            }
        }
    }
}
