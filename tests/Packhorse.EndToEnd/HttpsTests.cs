using Packhorse.TestChannel;

namespace Packhorse.EndToEnd;

/// <summary>The published executable has OpenSSL linked in: it must trust whom the user trusts, and nobody else.</summary>
public sealed class HttpsTests : IDisposable
{
    private readonly DirectoryInfo _scratch = Directory.CreateTempSubdirectory("packhorse-https-");
    private readonly SecureServer _server;
    private readonly string _lock;

    public HttpsTests()
    {
        var channel = new ChannelDirectory(this["channel"]);
        channel.Add(new PackageBuilder("tool").AddFile("share/tool", "x"));
        _server = new SecureServer(channel.Root);
        _lock = channel.WriteLock(this["project"], _server.Url);
        File.WriteAllText(this["authority.pem"], _server.Authority);
    }

    private string this[string name] => Path.Combine(_scratch.FullName, name);

    public void Dispose()
    {
        _server.Dispose();
        _scratch.Delete(recursive: true);
    }

    [Fact]
    public void A_server_whose_authority_the_user_names_is_trusted()
    {
        Pack(this["authority.pem"]).Succeeded();
        Published.Run("verify", this["environment.tar"]).Succeeded();
    }

    [Fact]
    public void A_server_of_an_unknown_authority_is_not_trusted()
    {
        Outcome outcome = Pack(certificates: null);
        Assert.NotEqual(0, outcome.ExitCode);
        Assert.False(File.Exists(this["environment.tar"]));
        Assert.Contains("certificate", outcome.Error, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void A_trusted_authority_does_not_vouch_for_another_host()
    {
        string text = File.ReadAllText(_lock).Replace("//localhost:", "//127.0.0.1:", StringComparison.Ordinal);
        File.WriteAllText(_lock, text);
        Outcome outcome = Pack(this["authority.pem"]);
        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("its certificate is for other hosts: 'localhost'", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("[PH0103]", outcome.Error, StringComparison.Ordinal);
    }

    private Outcome Pack(string? certificates)
    {
        var environment = new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" };
        if (certificates is not null)
        {
            environment["SSL_CERT_FILE"] = certificates;
        }
        string[] command = ["pack", _lock, "-p", "linux-64", "-o", this["environment.tar"]];
        return Published.Start(Published.Packhorse, command, environment);
    }
}
