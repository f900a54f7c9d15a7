using System.Globalization;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Packhorse.Fetch;

/// <summary>A certificate was refused, and this says why.</summary>
internal sealed class ServerNotTrusted(string message) : AuthenticationException(message);

/// <summary>Whether a server is who it says, and if not, what is wrong, in words.</summary>
internal sealed class ServerIdentity(FetchOptions options)
{
    /// <summary>For a <see cref="RemoteCertificateValidationCallback"/>: true when it is.</summary>
    /// <exception cref="ServerNotTrusted">It is not.</exception>
    public bool Check(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None || options.TrustsEverybody)
        {
            return true;
        }
        throw new ServerNotTrusted(Explain(certificate as X509Certificate2, chain, errors, options.Clock.GetUtcNow()));
    }

    internal static string Explain(
        X509Certificate2? certificate,
        X509Chain? chain,
        SslPolicyErrors errors,
        DateTimeOffset now
    )
    {
        if (certificate is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
        {
            return "it has no certificate";
        }
        X509ChainStatusFlags flags = (chain?.ChainStatus ?? []).Aggregate(
            X509ChainStatusFlags.NoError,
            (all, status) => all | status.Status
        );
        if (flags.HasFlag(X509ChainStatusFlags.NotTimeValid))
        {
            return ExplainTime(certificate, chain!, now);
        }
        if (flags.HasFlag(X509ChainStatusFlags.Revoked))
        {
            return "its certificate has been revoked";
        }
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            return $"its certificate is for other hosts: {Names(certificate)}";
        }
        return certificate.Subject == certificate.Issuer
            ? "its certificate is signed by itself, and nobody else vouches for it"
            : $"its certificate is from an authority that this machine does not trust: {Printable(certificate.Issuer)}";
    }

    private static string ExplainTime(X509Certificate2 leaf, X509Chain chain, DateTimeOffset now)
    {
        X509Certificate2 outOfTime =
            chain
                .ChainElements.Select(element => element.Certificate)
                .FirstOrDefault(one => now < one.NotBefore || now > one.NotAfter)
            ?? leaf;
        string what = outOfTime.Thumbprint == leaf.Thumbprint ? "its certificate" : "the certificate of its authority";
        string clock = $"this machine's clock says {Day(now)}";
        return now < outOfTime.NotBefore
            ? $"{what} holds from {Day(outOfTime.NotBefore)} on, and {clock}: is the clock slow?"
            : $"{what} held until {Day(outOfTime.NotAfter)}, and {clock}: it has expired, or the clock is fast";
    }

    private static string Names(X509Certificate2 certificate)
    {
        string[] names =
        [
            .. certificate
                .Extensions.OfType<X509SubjectAlternativeNameExtension>()
                .SelectMany(extension => extension.EnumerateDnsNames()),
        ];
        return Printable(names.Length > 0 ? string.Join(", ", names.Take(5)) : certificate.Subject);
    }

    private static string Printable(string text) => Model.EntryPath.Quote(text);

    private static string Day(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) + " UTC";
}
