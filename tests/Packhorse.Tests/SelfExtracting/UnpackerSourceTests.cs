using System.Security.Cryptography;
using Packhorse.Tests.BadInput;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.SelfExtracting;

/// <summary><c>--pixi-unpack-source</c>: a path or a URL, with or without a digest.</summary>
public sealed class UnpackerSourceTests : IAsyncDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly FlakyServer _server = new();
    private readonly byte[] _program = FakeRuntime.Make();
    private readonly string _path;
    private readonly string _lock;

    public UnpackerSourceTests()
    {
        _path = _scratch.Write("runtime", _program);
        _server.Serve("runtime", _program);
        _lock = SmallPack.MakeLock(_scratch.Root);
        Assert.Equal(0, Pack("expected.sh", _path).ExitCode);
    }

    private string Sha256 => Convert.ToHexStringLower(SHA256.HashData(_program));

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _scratch.Dispose();
    }

    [Fact]
    public void Wherever_the_program_comes_from_the_file_is_the_same()
    {
        string[] sources =
        [
            $"{_path}#sha256={Sha256}",
            $"file://{_path}",
            $"file://{_path}#sha256={Sha256.ToUpperInvariant()}",
            $"{_server.Url("runtime")}#sha256={Sha256}",
        ];
        foreach (string source in sources)
        {
            CliResult result = Pack("x.sh", source);
            Assert.True(result.ExitCode == 0, result.Error);
            Assert.DoesNotContain("warning", result.Error, StringComparison.Ordinal);
            Assert.Equal(File.ReadAllBytes(_scratch["expected.sh"]), File.ReadAllBytes(_scratch["x.sh"]));
        }
    }

    [Fact]
    public void A_program_from_the_network_without_a_digest_is_warned_of_with_its_digest()
    {
        CliResult result = Pack("x.sh", _server.Url("runtime"));

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("warning: nothing vouches for", result.Error, StringComparison.Ordinal);
        Assert.Contains($"#sha256={Sha256}", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_digest_than_the_content_has_is_refused()
    {
        string other = new('0', 64);

        Refuses(4, $"{_server.Url("runtime")}#sha256={other}");
        Refuses(4, $"file://{_path}#sha256={other}");
        Refuses(4, $"{_path}#sha256={other}");
        Refuses(2, $"{_path}#sha256=0123");
        Refuses(2, $"{_path}#sha256=");
    }

    [Fact]
    public void What_is_not_there_or_no_program_is_refused()
    {
        Refuses(3, _scratch["nothing"]);
        Refuses(3, _server.Url("nothing"));
        Refuses(2, "gcs://bucket/runtime");
        Refuses(2, "");
        Refuses(2, _lock);
        Refuses(2, _scratch.Write("empty", []));
        Refuses(2, _scratch.Write("windows", FakeWindowsProgram.Make()));
    }

    [Fact]
    public void A_program_that_is_far_too_large_is_not_even_brought()
    {
        _server.Serve("large", new byte[(64 << 20) + 1]);
        Refuses(2, _server.Url("large"));
    }

    [Theory]
    [InlineData(183)]
    [InlineData(243)]
    [InlineData(21)]
    public void A_program_for_another_machine_is_refused(ushort machine) =>
        Refuses(7, _scratch.Write("other", FakeRuntime.Make(machine: machine)));

    [Fact]
    public void A_program_without_the_note_is_another_unpacker_and_told_to_be_one()
    {
        byte[] other = FakeRuntime.Make();
        other[other.AsSpan().IndexOf("Packhorse"u8)] ^= 1;

        CliResult result = Pack("x.sh", _scratch.Write("other", other));

        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains("is not packhorse's runtime", result.Error, StringComparison.Ordinal);
    }

    private CliResult Pack(string output, string source) =>
        Cli.Run(
            "pack",
            _lock,
            "-p",
            "linux-64",
            "-o",
            _scratch[output],
            "--create-executable",
            "--pixi-unpack-source",
            source
        );

    private void Refuses(int code, string source)
    {
        CliResult result = Cli.Run(
            "pack",
            _lock,
            "-p",
            "linux-64",
            "-o",
            _scratch["out/refused.sh"],
            "--create-executable",
            "--pixi-unpack-source",
            source
        );
        Assert.True(result.ExitCode == code, $"{source}: {result.ExitCode}\n{result.Error}");
        Assert.False(Directory.Exists(_scratch["out"]));
    }
}
