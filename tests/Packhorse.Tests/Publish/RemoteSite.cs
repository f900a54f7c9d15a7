using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text.Json;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Publish;

/// <summary>A file to publish, and a directory on another machine, which is an sshd on loopback.</summary>
[SupportedOSPlatform("linux")]
public abstract class RemoteSite : IClassFixture<SshServer>, IDisposable
{
    private protected static readonly byte[] Content = "a pack"u8.ToArray();
    private protected static readonly string Name = $"environment-{Hash(Content)[..8]}.sh";

    private protected readonly ScratchDirectory _scratch = new();
    private protected readonly SshServer _server;
    private protected readonly string _file;

    protected RemoteSite(SshServer server)
    {
        _server = server;
        Directory.CreateDirectory(_scratch["there"]);
        _file = _scratch.Write("environment.sh", Content);
    }

    public void Dispose()
    {
        _scratch.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected JsonElement Publish(string ssh) =>
        JsonDocument.Parse(Run(ssh, "--json").Successful().Text).RootElement.GetProperty("files")[0];

    private protected CommandRun Run(string ssh, params string[] options) =>
        CommandRun.Of(["publish", _file, "--to", $"there:{_scratch["there"]}", "--ssh", ssh, .. options]);

    private protected string[] Names() =>
        [.. Directory.EnumerateFileSystemEntries(_scratch["there"]).Select(path => Path.GetFileName(path))];

    private protected static string Hash(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));
}
