using System.Runtime.Versioning;
using System.Text;
using Packhorse.TestChannel;
using Packhorse.Tests.BadInput;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Fetch;

/// <summary>The command with credentials from every place they can be in: they reach the server, and nothing that is written.</summary>
[SupportedOSPlatform("linux")]
public sealed class SecretsTests : IAsyncLifetime
{
    private const string Secret = "hunter2";

    private readonly ScratchDirectory _scratch = new();
    private readonly FlakyServer _server = new();
    private readonly ChannelDirectory _channel;
    private readonly string _credentials;

    public SecretsTests()
    {
        _channel = new ChannelDirectory(_scratch["channel"]);
        _channel.Add(new PackageBuilder("tool").AddFile("share/tool", "x"));
        _credentials = _scratch.Write("credentials.json", """{"127.0.0.1": {"BearerToken": "hunter2"}}"""u8);
        File.SetUnixFileMode(_credentials, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private byte[] Package => File.ReadAllBytes(_channel.PathOf(_channel.Packages[0]));

    private string PackageName => _channel.Packages[0].FileName;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _scratch.Dispose();
    }

    [Theory]
    [InlineData("")]
    [InlineData("me:hunter2@")]
    public void Nothing_that_is_written_has_a_secret_in_it(string userInformation)
    {
        FlakyResource resource = _server.Serve(PackageName, Package);
        string project = Lock($"http://{userInformation}{_server.Authority}/t/hunter2/channel/");
        string[] asked =
        [
            "pack",
            project,
            "-p",
            "linux-64",
            "--auth-file",
            _credentials,
            "-o",
            _scratch["e.tar"],
            "-v",
        ];
        CliResult[] runs =
        [
            Cli.Run([.. asked, "--dry-run", "--json"]),
            Cli.Run([.. asked, "--json"]),
            Cli.Run("inspect", _scratch["e.tar"], "--json"),
            Cli.Run("unpack", _scratch["e.tar"], "-o", _scratch["out"], "-v", "--json"),
        ];
        Assert.All(runs, run => Assert.True(run.ExitCode == 0, run.Error));
        Assert.NotNull(Assert.Single(resource.Requests)["Authorization"]);
        AssertNoSecret(runs);
        foreach (string file in Directory.EnumerateFiles(_scratch["out"], "*", SearchOption.AllDirectories))
        {
            Assert.DoesNotContain(Secret, File.ReadAllText(file));
        }
        Assert.DoesNotContain(Secret, Encoding.Latin1.GetString(File.ReadAllBytes(_scratch["e.tar"])));
    }

    [Theory]
    [InlineData(401)]
    [InlineData(404)]
    public void Nothing_that_is_said_of_a_failure_has_a_secret_in_it(int status)
    {
        _server.ServeAlways(PackageName, [], new() { Status = status, Headers = ["Retry-After: 0"] });
        string project = Lock($"http://me:hunter2@{_server.Authority}/t/hunter2/channel/");
        CliResult run = Cli.Run(
            "pack",
            project,
            "-p",
            "linux-64",
            "--auth-file",
            _credentials,
            "-o",
            _scratch["e.tar"],
            "-v"
        );
        Assert.NotEqual(0, run.ExitCode);
        AssertNoSecret(run);
        Assert.Contains("***", run.Error);
    }

    [Theory]
    [InlineData("RATTLER_AUTH_FILE", "", """{"127.0.0.1": {"BearerToken": "hunter2"}}""", "Bearer hunter2")]
    [InlineData("NETRC", "", "machine 127.0.0.1 login me password hunter2", "Basic bWU6aHVudGVyMg==")]
    [InlineData("HOME", ".netrc", "machine 127.0.0.1 login me password hunter2", "Basic bWU6aHVudGVyMg==")]
    [InlineData("HOME", ".rattler/credentials.json", """{"127.0.0.1": {"BearerToken": "hunter2"}}""", "Bearer hunter2")]
    public void Files_that_variables_name_are_used(string variable, string file, string content, string header)
    {
        FlakyResource resource = _server.Serve(PackageName, Package);
        string path = _scratch.Write(
            Path.Combine("home", file.Length > 0 ? file : "named"),
            Encoding.UTF8.GetBytes(content)
        );
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        string value = file.Length > 0 ? _scratch["home"] : path;
        string project = Lock($"http://{_server.Authority}/channel/");
        using PackhorseProcess process = PackhorseProcess.Shell(
            $"unset RATTLER_AUTH_FILE NETRC; export HOME=/nonexistent {variable}='{value}'; exec \"$@\"",
            ["pack", project, "-p", "linux-64", "-o", _scratch["e.tar"]]
        );
        (int exitCode, string error) = process.Wait();
        Assert.True(exitCode == 0, error);
        Assert.Equal(header, Assert.Single(resource.Requests)["Authorization"]);
        Assert.DoesNotContain("warning", error);
    }

    private string Lock(string url)
    {
        _channel.WriteLock(_scratch["project"], url);
        return _scratch["project"];
    }

    private static void AssertNoSecret(params CliResult[] runs) =>
        Assert.All(
            runs,
            run =>
            {
                Assert.DoesNotContain(Secret, run.Text);
                Assert.DoesNotContain(Secret, run.Error);
            }
        );
}
