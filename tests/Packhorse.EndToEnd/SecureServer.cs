using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Packhorse.EndToEnd;

/// <summary>Files of a directory over https on the loopback interface, with a certificate from an authority of its own.</summary>
internal sealed class SecureServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly X509Certificate2 _certificate;
    private readonly string _directory;
    private readonly Task _serving;

    public SecureServer(string directory)
    {
        _directory = directory;
        (_certificate, Authority) = MakeCertificates();
        _listener.Start();
        _serving = ServeAsync();
    }

    /// <summary>The authority's certificate in PEM.</summary>
    public string Authority { get; }

    public string Url => $"https://localhost:{((IPEndPoint)_listener.LocalEndpoint).Port}/";

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Stop();
        _serving.GetAwaiter().GetResult();
        _certificate.Dispose();
        _stop.Dispose();
    }

    private static (X509Certificate2 Server, string Authority) MakeCertificates()
    {
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authority = new CertificateRequest("CN=test authority", authorityKey, HashAlgorithmName.SHA256);
        authority.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        DateTimeOffset now = DateTimeOffset.UtcNow;
        using X509Certificate2 root = authority.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var server = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        server.CertificateExtensions.Add(names.Build());
        using X509Certificate2 signed = server.Create(root, now.AddDays(-1), now.AddHours(12), [1, 2, 3]);
        return (signed.CopyWithPrivateKey(key), root.ExportCertificatePem());
    }

    private async Task ServeAsync()
    {
        var answering = new List<Task>();
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                answering.Add(Task.Run(() => AnswerAsync(client)));
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(answering);
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        using TcpClient owned = client;
        try
        {
            await using var stream = new SslStream(client.GetStream());
            await stream.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions { ServerCertificate = _certificate },
                _stop.Token
            );
            using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
            while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 } request)
            {
                while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 }) { }
                byte[] content = await File.ReadAllBytesAsync(
                    Path.Combine(_directory, request.Split(' ')[1].TrimStart('/')),
                    _stop.Token
                );
                string head = $"HTTP/1.1 200 OK\r\nContent-Length: {content.Length}\r\n\r\n";
                await stream.WriteAsync(Encoding.ASCII.GetBytes(head), _stop.Token);
                await stream.WriteAsync(content, _stop.Token);
            }
        }
        // A client that does not trust us hangs up.
        catch (Exception error)
            when (error
                    is IOException
                        or OperationCanceledException
                        or System.Security.Authentication.AuthenticationException
            ) { }
    }
}
