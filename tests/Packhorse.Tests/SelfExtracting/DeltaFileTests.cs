using System.Runtime.Versioning;
using Packhorse.TestChannel;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.SelfExtracting;

/// <summary>Deltas that carry the runtime: what a job starts.</summary>
[SupportedOSPlatform("linux")]
public sealed class DeltaFileTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public DeltaFileTests()
    {
        string[] options = ["--create-executable", "--pixi-unpack-source", SmallPack.Runtime];
        SmallPack.Pack(Lock("1.0"), _scratch["base.sh"], options);
        SmallPack.Pack(Lock("2.0"), _scratch["whole.sh"], options);
        SmallPack.Pack(Lock("2.0"), _scratch["delta.sh"], [.. options, "--since", _scratch["base.sh"]]);
        Directory.CreateDirectory(_scratch["scratch"]);
    }

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void It_runs_with_its_base_in_the_environment_of_the_whole_pack()
    {
        Outcome outcome = Sh("delta.sh", "run", "--base", _scratch["base.sh"], "--", "hello").ExpectCode(0);
        Assert.StartsWith("hello 2.0 from ", outcome.Output, StringComparison.Ordinal);
        string prefix = outcome.Output.Trim().Split(' ')[^1];
        File.WriteAllText(Path.Combine(prefix, "mine"), "");

        // The same name, so that it is not unpacked again.
        Assert.Equal(outcome.Output, Sh("whole.sh", "run", "--", "hello").ExpectCode(0).Output);
        Assert.True(File.Exists(Path.Combine(prefix, "mine")));
        Assert.Equal(outcome.Output, Sh("delta.sh", "--base", _scratch["base.sh"], "run", "--", "hello").Output);
    }

    [Fact]
    public void Its_shell_has_the_environment_of_the_whole_pack()
    {
        Outcome outcome = Sh("delta.sh", "shell", "--base", _scratch["base.sh"]).ExpectCode(0);
        Outcome without = Sh("delta.sh", "shell").ExpectCode(112);
        Outcome other = Sh("delta.sh", "shell", "--base", _scratch["delta.sh"]).ExpectCode(112);

        Assert.Equal("", outcome.Output);
        Assert.Contains("is a delta: the rest of its packages is in", without.Error, StringComparison.Ordinal);
        Assert.Contains("is itself a delta", other.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void It_unpacks_with_its_base_to_what_the_whole_file_unpacks_to()
    {
        Sh("whole.sh", "-o", _scratch["node"]).ExpectCode(0);
        IReadOnlyList<string> whole = TreeListing.Of(_scratch["node/env"]);
        Directory.Delete(_scratch["node"], recursive: true);

        Sh("delta.sh", "--base", _scratch["base.sh"], "-o", _scratch["node"]).ExpectCode(0);

        TreeListing.AssertSame(whole, TreeListing.Of(_scratch["node/env"]));
    }

    [Fact]
    public void Without_its_base_or_with_another_one_it_says_which_one_it_needs()
    {
        Outcome unpack = Sh("delta.sh").ExpectCode(2);
        Assert.Contains("hint: name that file with --base base.sh", unpack.Error, StringComparison.Ordinal);
        Outcome run = Sh("delta.sh", "run", "--", "hello").ExpectCode(112);
        Assert.StartsWith("packhorse: not started: ", run.Error.TrimEnd().Split('\n')[^1], StringComparison.Ordinal);
        Sh("delta.sh", "run", "--base", _scratch["whole.sh"], "--", "hello").ExpectCode(114);
        Sh("whole.sh", "run", "--base", _scratch["base.sh"], "--", "hello").ExpectCode(112);
        Assert.Equal(
            [],
            Directory.EnumerateFileSystemEntries(_scratch["scratch"]).Where(path => !path.Contains("packhorse-"))
        );
    }

    [Fact]
    public void It_verifies_and_describes_itself()
    {
        Outcome verified = Sh("delta.sh", "verify").ExpectCode(0);
        Assert.Contains("in the base       1 of 2 packages", verified.Output, StringComparison.Ordinal);
        Sh("delta.sh", "verify", "--base", _scratch["base.sh"]).ExpectCode(0);
        Assert.Contains("delta of          'base.sh'", Sh("delta.sh", "inspect").Output, StringComparison.Ordinal);
        Assert.Contains("--base PACK", Sh("delta.sh", "--help").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void With_another_unpacker_or_for_Windows_there_is_none()
    {
        using var error = new StringWriter();
        string stranger = _scratch.Write("stranger", File.ReadAllBytes("/bin/true"));
        string[] options = ["--create-executable", "--pixi-unpack-source", stranger, "--since", _scratch["base.sh"]];
        int code = Commands.CommandLine.Run(
            ["pack", Lock("2.0"), "-p", "linux-64", "-o", _scratch["x.sh"], .. options],
            SmallPack.MakeTerminal(error)
        );
        Assert.Equal(2, code);
        Assert.Contains("only packhorse's own runtime unpacks deltas", error.ToString(), StringComparison.Ordinal);
        Assert.False(File.Exists(_scratch["x.sh"]));
    }

    private string Lock(string version)
    {
        var channel = new ChannelDirectory(_scratch["channel"]);
        channel.Add(new PackageBuilder("stable").AddFile("share/stable", new string('s', 5000)));
        channel.Add(
            new PackageBuilder("hello", version).AddExecutable(
                "bin/hello",
                $"#!/bin/sh\necho hello {version} from $CONDA_PREFIX\n"
            )
        );
        return channel.WriteLock(_scratch["project"]);
    }

    private Outcome Sh(string file, params string[] arguments) =>
        new Execution
        {
            Command = ["/bin/sh", _scratch[file], .. arguments],
            Directory = _scratch["scratch"],
            Environment = new() { ["PATH"] = "/usr/bin:/bin", ["TMPDIR"] = _scratch["scratch"] },
        }.Run();
}
