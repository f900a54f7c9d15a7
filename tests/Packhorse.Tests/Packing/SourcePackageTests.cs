using System.Runtime.Versioning;
using System.Text;
using Packhorse.TestChannel;
using Packhorse.Tests.BadInput;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Packing;

/// <summary>What pixi is asked, by a stand-in for it that copies a package which is there. No package was ever built here.</summary>
[SupportedOSPlatform("linux")]
public sealed class SourcePackageTests : IDisposable
{
    private const string Commit = "0123456789abcdef0123456789abcdef01234567";

    private readonly Sandbox _sandbox = new();

    public SourcePackageTests()
    {
        _sandbox.Channel.Add(new PackageBuilder("base").AddFile("share/base", "x"));
        _sandbox.Channel.WriteLock(_sandbox["project"]);
        foreach (string name in (string[])["one", "two"])
        {
            byte[] package = new PackageBuilder(name).DependsOn("base").AddFile($"share/{name}", "x").Pack().ToArray();
            _sandbox.Write($"built/{name}/{name}-1.0-h0_0.conda", package);
            _sandbox.Write($"project/{name}/pixi.toml", "[package]\n"u8);
        }
        Script(
            "pixi",
            $"printf '%s ' \"$@\" >> '{_sandbox["asked"]}'; echo >> '{_sandbox["asked"]}'\nname=$(basename \"$(dirname \"$7\")\")\n[ -d '{_sandbox["built"]}'/$name ] || {{ echo no such thing >&2; exit 3; }}\ncp '{_sandbox["built"]}'/$name/* \"$3\""
        );
    }

    public void Dispose() => _sandbox.Dispose();

    [Fact]
    public void Several_sources_are_built_one_after_the_other_and_packed()
    {
        Lock("one @ one", "two @ ./two");

        (int exitCode, string error) = Pack();

        Assert.True(exitCode == 0, error);
        string[] asked = File.ReadAllLines(_sandbox["asked"]);
        Assert.Equal(2, asked.Length);
        Assert.Matches(
            $"^publish --target-dir .*/0.built --build-platform linux-64 --path {_sandbox["project"]}/one/pixi.toml $",
            asked[0]
        );
        Assert.Contains($"--path {_sandbox["project"]}/two/pixi.toml", asked[1]);
        Assert.Equal(0, Cli.Run("unpack", _sandbox["e.tar"], "-o", _sandbox["out"]).ExitCode);
        Assert.True(File.Exists(_sandbox["out/env/share/one"]) && File.Exists(_sandbox["out/env/share/two"]));
    }

    [Fact]
    public void A_repository_is_checked_out_at_the_commit_of_the_lock()
    {
        string repository = _sandbox["repository"];
        _sandbox.Write("repository/sub/one/pixi.toml", "[package]\n"u8);
        StockTool.Run("git", "init", "-q", repository);
        StockTool.Run("git", "-C", repository, "add", ".");
        StockTool.Run(
            "git",
            "-C",
            repository,
            "-c",
            "user.name=x",
            "-c",
            "user.email=x@example.org",
            "commit",
            "-qm",
            "x"
        );
        string commit = StockTool.Run("git", "-C", repository, "rev-parse", "HEAD").Trim();
        Lock($"one @ git+file://{repository}?subdirectory=sub%2Fone&branch=main#{commit}");

        (int exitCode, string error) = Pack();

        Assert.True(exitCode == 0, error);
        Assert.Contains("0.source/sub/one/pixi.toml", File.ReadAllText(_sandbox["asked"]));
    }

    [Fact]
    public void Without_pixi_the_packages_are_named()
    {
        Lock("one @ one", "two @ two");
        File.Delete(_sandbox["bin/pixi"]);

        (int exitCode, string error) = Pack();

        Assert.Equal(2, exitCode);
        Assert.Contains("there is no pixi on PATH: one, two [PH0204]", error);
        Assert.False(File.Exists(_sandbox["e.tar"]));
    }

    [Fact]
    public void A_build_that_fails_says_what_pixi_said()
    {
        _sandbox.Write("project/three/pixi.toml", []);
        Lock("three @ three");

        (int exitCode, string error) = Pack();

        Assert.Equal(1, exitCode);
        Assert.Contains("building three failed: pixi ended with exit code 3: no such thing [PH0105]", error);
    }

    [Theory]
    [InlineData("one @ nowhere", 2, "has no pixi.toml")]
    [InlineData("one @ git+https://example.org/x.git", 4, "without a commit")]
    [InlineData("one @ git+https://example.org/x.git#--upload-pack=x", 4, "without a commit")]
    [InlineData($"one @ git+https://example.org/x.git?subdirectory=..#{Commit}", 4, "with a bad subdirectory")]
    [InlineData($"one @ git+ext://sh#{Commit}", 2, "only paths and git repositories can be")]
    [InlineData("one @ https://example.org/x.tar.gz", 2, "only paths and git repositories can be")]
    public void What_cannot_be_built_is_refused(string source, int exitCode, string says)
    {
        Lock(source);
        (int code, string error) = Pack();
        Assert.Equal(exitCode, code);
        Assert.Contains(says, error);
    }

    [Fact]
    public void A_dry_run_builds_nothing()
    {
        Lock("one @ one");
        CliResult plan = Cli.Run("pack", _sandbox["project"], "-p", "linux-64", "--dry-run");
        Assert.True(plan.ExitCode == 0, plan.Error);
        Assert.False(File.Exists(_sandbox["asked"]));
        Assert.Contains("to build  one\n", plan.Text);
    }

    // Each as "NAME @ LOCATION", beside the packages that are there.
    private void Lock(params string[] sources)
    {
        string path = _sandbox["project/pixi.lock"];
        string text = File.ReadAllText(path);
        int packages = text.IndexOf("\npackages:\n", StringComparison.Ordinal) + 1;
        (string Name, string Location)[] parts =
        [
            .. sources.Select(source => (source.Split(" @ ")[0], source.Split(" @ ")[1])),
        ];
        string entries = string.Concat(parts.Select(part => $"      - conda: {part.Location}\n"));
        string details = string.Concat(
            parts.Select(part =>
                $"- conda: {part.Location}\n  name: {part.Name}\n  version: '1.0'\n  build: h0_0\n  subdir: linux-64\n"
            )
        );
        File.WriteAllText(path, text.Insert(packages, entries) + details);
    }

    private (int ExitCode, string Error) Pack(params string[] options)
    {
        using PackhorseProcess process = PackhorseProcess.Shell(
            $"PATH='{_sandbox["bin"]}':$PATH; export PATH; exec \"$@\"",
            ["pack", _sandbox["project"], "-p", "linux-64", "-o", _sandbox["e.tar"], .. options]
        );
        return process.Wait();
    }

    private void Script(string name, string text)
    {
        string path = _sandbox.Write($"bin/{name}", Encoding.UTF8.GetBytes($"#!/bin/sh\n{text}\n"));
        File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
    }
}
