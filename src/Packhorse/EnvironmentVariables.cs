using Packhorse.Os;

namespace Packhorse;

/// <summary>Every environment variable that is looked at, here and nowhere else.</summary>
public static partial class EnvironmentVariables
{
    /// <summary>The kind of terminal; "dumb" or unset: no progress bar.</summary>
    public static string? Term => Environment.GetEnvironmentVariable("TERM");

    /// <summary>Set to anything: no colours (no-color.org).</summary>
    public static bool NoColor => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    /// <summary>HTCondor's scratch directory of the job: environments to run are unpacked there.</summary>
    public static string? CondorScratchDirectory => Environment.GetEnvironmentVariable("_CONDOR_SCRATCH_DIR");

    /// <summary>How many threads work is shared among when nobody says: by the file in which HTCondor tells a job of its slot.</summary>
    public static int Threads => ProcessorShare.Of(Environment.GetEnvironmentVariable("_CONDOR_MACHINE_AD"));

    /// <summary>The directory for temporary files: environments to run are unpacked there when no job has a scratch directory.</summary>
    public static string? TemporaryDirectory => Environment.GetEnvironmentVariable("TMPDIR");

    /// <summary>Which ways to start may be tried, as with <c>--start</c>.</summary>
    public static string? Start => Environment.GetEnvironmentVariable(StartName);

    public const string StartName = "PACKHORSE_START";

    /// <summary>OpenSSL's: a file of authorities' certificates, in place of the machine's.</summary>
    public static string? CertificateFile => Environment.GetEnvironmentVariable(CertificateFileName);

    /// <summary>OpenSSL's: a directory of authorities' certificates, in place of the machine's.</summary>
    public static string? CertificateDirectory => Environment.GetEnvironmentVariable("SSL_CERT_DIR");

    /// <summary>WLCG's: a bearer token for storage.</summary>
    public static string? BearerToken => Environment.GetEnvironmentVariable(BearerTokenName);

    /// <summary>WLCG's: the file of a bearer token for storage.</summary>
    public static string? BearerTokenFile => Environment.GetEnvironmentVariable(BearerTokenFileName);

    public const string BearerTokenName = "BEARER_TOKEN";
    public const string BearerTokenFileName = "BEARER_TOKEN_FILE";

    /// <summary>Where this user's profiles of sites are: below XDG_CONFIG_HOME, or HOME's <c>.config</c>.</summary>
    public static string Sites =>
        Path.Combine(
            Environment.GetFolderPath(
                Environment.SpecialFolder.ApplicationData,
                Environment.SpecialFolderOption.DoNotVerify
            ),
            "packhorse",
            "sites"
        );

    /// <summary>The name of <see cref="CertificateFile"/>.</summary>
    internal const string CertificateFileName = "SSL_CERT_FILE";

    /// <summary>Where programs such as HTCondor's tools are.</summary>
    public static string SearchPath => Environment.GetEnvironmentVariable("PATH") ?? "/usr/local/bin:/usr/bin:/bin";

    /// <summary>All variables by name, for programs that are asked something.</summary>
    public static IReadOnlyDictionary<string, string> ByName =>
        Environment
            .GetEnvironmentVariables()
            .Cast<System.Collections.DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string)(entry.Value ?? ""), StringComparer.Ordinal);

    /// <summary>All variables, to be passed on to a program that builds.</summary>
    internal static IReadOnlyDictionary<string, string> Texts =>
        Environment
            .GetEnvironmentVariables()
            .Cast<System.Collections.DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string)(entry.Value ?? ""), StringComparer.Ordinal);

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
