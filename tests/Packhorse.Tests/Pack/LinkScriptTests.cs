using System.Runtime.Versioning;
using Packhorse.TestChannel;
using Packhorse.Tests.BadInput;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Pack;

[SupportedOSPlatform("linux")]
public sealed class LinkScriptTests : IDisposable
{
    private readonly Sandbox _sandbox = new();

    public void Dispose() => _sandbox.Dispose();

    [Fact]
    public void Scripts_run_once_when_asked_for_with_what_they_expect()
    {
        string pack = Pack(
            """
            echo "$PREFIX|$PKG_NAME|$PKG_VERSION|$PKG_BUILDNUM|${PATH%%:*}|$CONDA_PREFIX" >> "$PREFIX/ran"
            echo "told to the user" > "$PREFIX/.messages.txt"
            echo "noise"
            """
        );

        CliResult first = Unpack(pack, "--run-link-scripts", "--json");
        CliResult again = Unpack(pack, "--run-link-scripts");

        string prefix = _sandbox.Environment;
        Assert.Equal($"{prefix}|tool|1.0|0|{prefix}/bin|{prefix}\n", File.ReadAllText(Path.Combine(prefix, "ran")));
        Assert.Contains("tool says: told to the user", first.Error);
        Assert.DoesNotContain("noise", first.Text);
        Assert.False(File.Exists(Path.Combine(prefix, ".messages.txt")));
        Assert.DoesNotContain("told to the user", again.Error);
    }

    [Fact]
    public void Without_the_option_nothing_runs_and_the_package_is_named()
    {
        CliResult result = Unpack(Pack("touch \"$PREFIX/ran\""));
        Assert.False(File.Exists(Path.Combine(_sandbox.Environment, "ran")));
        Assert.Contains("tool=1.0", result.Error);
        Assert.Contains("only with --run-link-scripts: bin/.tool-post-link.sh", result.Error);
    }

    [Fact]
    public void A_script_that_fails_is_a_warning()
    {
        CliResult result = Unpack(Pack("exit 3"), "--run-link-scripts");
        Assert.Contains(".tool-post-link.sh failed with exit code 3", result.Error);
        Assert.True(File.Exists(Path.Combine(_sandbox.Environment, "share/tool")));
    }

    [Theory]
    [InlineData("rattler/link-scripts/link-scripts-0.1.0-h4616a5c_0.conda", "This is a post-link script that just ran")]
    [InlineData("conda/test-recipes/failing_post_link-1.0-0.conda", "failed with exit code")]
    public void Real_packages_run_theirs(string fixture, string says)
    {
        string package = Fixtures.Require(fixture);
        string channel = _sandbox.Outside("real");
        string subdir = Path.Combine(channel, PackageFiles.Info(package).Index.Subdir);
        Directory.CreateDirectory(subdir);
        File.Copy(package, Path.Combine(subdir, Path.GetFileName(package)));
        string lockFile = ChannelDirectory.Open(channel).WriteLock(_sandbox["real-project"]);
        string pack = _sandbox["real.tar"];
        Assert.Equal(0, Cli.Run("pack", lockFile, "-p", "linux-64", "-o", pack).ExitCode);

        Assert.Contains(says, Unpack(pack, "--run-link-scripts").Error);
    }

    private string Pack(string script)
    {
        byte[] pack = _sandbox.Pack(
            new PackageBuilder("tool").AddFile("share/tool", "x").AddFile("bin/.tool-post-link.sh", script)
        );
        return _sandbox.Write("pack.tar", pack);
    }

    private CliResult Unpack(string pack, params string[] options)
    {
        CliResult result = Cli.Run(["unpack", pack, "-o", _sandbox.Work, .. options]);
        Assert.True(result.ExitCode == 0, result.Error);
        return result;
    }
}
