using System.Security.Cryptography;
using System.Text.Json;
using Packhorse.Tests.Image;
using Packhorse.Tests.SelfExtracting;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Publish;

/// <summary>Digests that a job carries with it: <c>--expect</c> and <c>--root</c>.</summary>
public sealed class ExpectedFileTests : IDisposable
{
    private static readonly string Other = new('0', 64);

    private readonly ScratchDirectory _scratch = new();
    private readonly string _lock;

    public ExpectedFileTests() => _lock = SmallPack.MakeLock(_scratch.Root);

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void The_whole_file_is_compared_before_anything_is_unpacked()
    {
        string pack = Pack("environment.tar");
        string hex = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(pack)));

        CommandRun refused = Unpack(pack, "--expect", $"sha256:{Other}").Failed(4);
        Assert.Contains(hex, refused.Error, StringComparison.Ordinal);
        Assert.Contains(Other, refused.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_scratch["out"]));
        Unpack(pack, "--expect", $"sha256:{hex}").Successful();
        Assert.True(Directory.Exists(_scratch["out/env"]));
    }

    [Fact]
    public void An_image_is_known_by_its_root_and_another_one_refused()
    {
        string image = Pack("environment.sqfs", "--image");
        string root = ImageFiles.FooterOf(File.ReadAllBytes(image)).Root.ToString();

        CommandRun.Of("verify", image, "--root", root).Successful();
        Assert.Contains(
            root,
            CommandRun.Of("verify", image, "--root", Other).Failed(4).Error,
            StringComparison.Ordinal
        );
        CommandRun started = CommandRun.Of("run", "--root", Other, image, "--", "true").Failed(114);
        Assert.Contains("packhorse: not started: ", started.Error, StringComparison.Ordinal);
        CommandRun.Of("shell", "--expect", Other, image).Failed(114);
        Directory.CreateDirectory(_scratch["empty"]);
        CommandRun.Of("mount", "--root", Other, image, _scratch["empty"], "--", "true").Failed(114);
    }

    [Fact]
    public void A_pack_is_known_by_the_digest_of_its_manifest()
    {
        string pack = Pack("environment.tar");
        string json = CommandRun.Of("inspect", "--json", pack).Successful().Text;
        string digest = JsonDocument.Parse(json).RootElement.GetProperty("digest").GetString()!;

        CommandRun.Of("verify", pack, "--root", digest).Successful();
        Assert.Contains(
            "manifest",
            CommandRun.Of("verify", pack, "--root", Other).Failed(4).Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_stale_and_a_mixed_file_are_both_noticed_by_either_digest()
    {
        byte[] right = File.ReadAllBytes(Pack("environment.sqfs", "--image"));
        string root = ImageFiles.FooterOf(right).Root.ToString();
        byte[] old = File.ReadAllBytes(Pack("old.sqfs", "--image", "--prefix", "/opt/another"));
        int half = Math.Min(right.Length, old.Length) / 2;
        string stale = _scratch.Write("stale.sqfs", old);
        // The end of the right one: its root is the right one, what is before it is not.
        string mixed = _scratch.Write("mixed.sqfs", [.. old.AsSpan(0, half), .. right.AsSpan(half)]);

        CommandRun.Of("verify", stale, "--root", root).Failed(4);
        CommandRun.Of("verify", mixed, "--root", root).Failed(4);
        string hex = Convert.ToHexStringLower(SHA256.HashData(right));
        CommandRun.Of("verify", stale, "--expect", hex).Failed(4);
        CommandRun.Of("verify", mixed, "--expect", hex).Failed(4);
    }

    [Theory]
    [InlineData("--expect", "sha256:12")]
    [InlineData("--expect", "md5:0123")]
    [InlineData("--root", "xyz")]
    public void What_is_no_digest_is_told(string option, string value)
    {
        CommandRun.Of("verify", Pack("environment.tar"), option, value).Failed(2);
    }

    [Fact]
    public void A_pipe_cannot_be_compared_before_it_is_used()
    {
        CommandRun run = Unpack("-", "--expect", Other).Failed(2);

        Assert.Contains("no file", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_self_extracting_file_takes_a_digest_before_its_command()
    {
        string file = SmallPack.MakeExecutable(_scratch.Root);
        string hex = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)));

        Outcome right = Sh(file, "--expect", $"sha256:{hex}", "run", "--into", _scratch.Root, "--", "hello", "you");
        Outcome wrong = Sh(file, "--expect", $"sha256:{Other}", "run", "--into", _scratch.Root, "--", "hello", "you");
        Outcome unpacked = Sh(file, "--root", Other, "-o", _scratch["never"]);

        Assert.True(right.ExitCode == 0, right.Error);
        Assert.Contains("hello you", right.Output, StringComparison.Ordinal);
        Assert.Equal(114, wrong.ExitCode);
        Assert.Contains("another file than the one that was asked for", wrong.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("hello", wrong.Output, StringComparison.Ordinal);
        Assert.Equal(4, unpacked.ExitCode);
        Assert.False(Directory.Exists(_scratch["never"]));
    }

    private string Pack(string name, params string[] options)
    {
        _ = SmallPack.Pack(_lock, _scratch[name], options);
        return _scratch[name];
    }

    private CommandRun Unpack(string pack, params string[] options) =>
        CommandRun.Of(["unpack", pack, "-o", _scratch["out"], .. options]);

    private sealed record Outcome(int ExitCode, string Output, string Error);

    private static Outcome Sh(params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("/bin/sh", arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new Outcome(process.ExitCode, output, error.Result);
    }
}
