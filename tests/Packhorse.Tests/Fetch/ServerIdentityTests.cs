using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Packhorse.Model;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Fetch;

/// <summary>Why a server is not trusted, in words. All servers are on loopback, with certificates made here.</summary>
public sealed class ServerIdentityTests : IAsyncDisposable
{
    private readonly FetchBench _bench = new();
    private readonly ECDsa _authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public async ValueTask DisposeAsync()
    {
        _authorityKey.Dispose();
        await _bench.DisposeAsync();
    }

    [Fact]
    public async Task An_authority_that_nobody_knows_is_named() =>
        await RefusesAsync(
            Signed("127.0.0.1", -1, 1),
            "its certificate is from an authority that this machine does not trust: 'CN=unknown authority'"
        );

    [Fact]
    public async Task The_hosts_that_a_certificate_is_for_are_named() =>
        await RefusesAsync(Signed("other.example", -1, 1), "its certificate is for other hosts: 'other.example'");

    [Fact]
    public async Task A_certificate_that_has_expired_is_told_with_both_times() =>
        await RefusesAsync(
            Signed("127.0.0.1", -20, -10),
            "its certificate held until ",
            "it has expired, or the clock is fast"
        );

    [Fact]
    public async Task A_certificate_that_is_not_valid_yet_makes_one_look_at_the_clock() =>
        await RefusesAsync(Signed("127.0.0.1", 10, 20), "its certificate holds from ", "is the clock slow?");

    private async Task RefusesAsync(X509Certificate2 certificate, params string[] says)
    {
        using X509Certificate2 owned = certificate;
        await using var server = new FlakyServer(owned);
        FlakyResource resource = server.Serve("file", [1]);
        var error = await Assert.ThrowsAsync<OperationFailedException>(() =>
            _bench.FetchUrlAsync(server.Url("file"), FetchBench.Expect([1]), new MemoryTarget())
        );
        Assert.Equal(ErrorCodes.ServerNotTrusted, error.Code);
        Assert.All(says, text => Assert.Contains(text, error.Message, StringComparison.Ordinal));
        Assert.Contains("127.0.0.1", error.Message, StringComparison.Ordinal);
        Assert.StartsWith("check this machine's clock and certificates", error.Hint, StringComparison.Ordinal);
        // What is asked for may hold a token.
        Assert.Empty(resource.Requests);
    }

    // By an authority, as those of real servers are.
    private X509Certificate2 Signed(string host, int fromDays, int untilDays)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        var authority = new CertificateRequest("CN=unknown authority", _authorityKey, HashAlgorithmName.SHA256);
        authority.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using X509Certificate2 root = authority.CreateSelfSigned(now.AddDays(-30), now.AddDays(30));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (IPAddress.TryParse(host, out IPAddress? address))
        {
            names.AddIpAddress(address);
        }
        else
        {
            names.AddDnsName(host);
        }
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 signed = request.Create(root, now.AddDays(fromDays), now.AddDays(untilDays), [1, 2, 3]);
        return signed.CopyWithPrivateKey(key);
    }
}
