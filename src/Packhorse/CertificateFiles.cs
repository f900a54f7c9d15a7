using Packhorse.Os;

namespace Packhorse;

/// <summary>
/// Where the machine keeps the certificates of authorities. The published executable has OpenSSL linked in, which looks only where
/// Debian keeps them; distributions differ.
/// </summary>
internal static class CertificateFiles
{
    // Where it looks by itself.
    private const string BuiltIn = "/usr/lib/ssl/certs";

    private static readonly string[] Known =
    [
        // Debian, Ubuntu, Arch, Alpine
        "/etc/ssl/certs/ca-certificates.crt",
        // Enterprise Linux, Fedora
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        // SUSE
        "/etc/ssl/ca-bundle.pem",
    ];

    /// <summary>Tells OpenSSL, unless the user has. To be called before the first connection.</summary>
    public static void Announce()
    {
        if (
            OperatingSystem.IsLinux()
            && string.IsNullOrEmpty(EnvironmentVariables.CertificateFile)
            && string.IsNullOrEmpty(EnvironmentVariables.CertificateDirectory)
            && !FileTree.DirectoryExists(BuiltIn)
            && Known.FirstOrDefault(FileTree.FileExists) is { } path
        )
        {
            NativeVariables.Set(EnvironmentVariables.CertificateFileName, path);
        }
    }
}
