using System.Security.Cryptography;
using System.Text.Json;
using Packhorse.Tests.BadInput;
using Packhorse.Tests.SelfExtracting;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Packing;

/// <summary>Digits of the content in the names of outputs.</summary>
public sealed class OutputNameTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly string _lock;

    public OutputNameTests() => _lock = SmallPack.MakeLock(_scratch.Root);

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(8)]
    [InlineData(12)]
    [InlineData(64)]
    public void So_many_digits_of_the_whole_file_stand_in_the_name_and_more_until_one_is_a_letter(int digits)
    {
        CliResult result = Pack($"out/hello-{{sha256:{digits}}}.tar", "--json");

        Assert.True(result.ExitCode == 0, result.Error);
        string made = Assert.Single(Directory.EnumerateFileSystemEntries(_scratch["out"]));
        string expected = Digits(File.ReadAllBytes(made), digits);
        Assert.Equal($"hello-{expected}.tar", Path.GetFileName(made));
        Assert.Equal(made, JsonDocument.Parse(result.Output).RootElement.GetProperty("output").GetString());
    }

    [Fact]
    public void Of_a_self_extracting_file_header_and_runtime_count_too()
    {
        string runtime = _scratch.Write("runtime", FakeRuntime.Make());

        Pack("out/hello_{sha256:8}.sh", "--create-executable", "--pixi-unpack-source", runtime);

        string made = Assert.Single(Directory.EnumerateFileSystemEntries(_scratch["out"]));
        string expected = Digits(File.ReadAllBytes(made), 8);
        Assert.Equal($"hello_{expected}.sh", Path.GetFileName(made));
    }

    [Fact]
    public void The_same_content_has_the_same_name_and_is_replaced()
    {
        Assert.Equal(0, Pack("out/hello-{sha256:8}.tar").ExitCode);
        Assert.Equal(0, Pack("out/hello-{sha256:8}.tar").ExitCode);

        Assert.Single(Directory.EnumerateFileSystemEntries(_scratch["out"]));
    }

    [Theory]
    [InlineData("x-{sha256}.tar", "takes 8 to 64 digits")]
    [InlineData("x-{sha256:7}.tar", "takes 8 to 64 digits")]
    [InlineData("x-{sha256:65}.tar", "takes 8 to 64 digits")]
    [InlineData("x-{sha256:-8}.tar", "takes 8 to 64 digits")]
    [InlineData("x-{sha256:8 }.tar", "takes 8 to 64 digits")]
    [InlineData("x-{SHA256:}.tar", "takes 8 to 64 digits")]
    [InlineData("x-{sha256:99999999999999999999}.tar", "takes 8 to 64 digits")]
    [InlineData("x-{sha256:8}-{sha256:8}.tar", "more than one placeholder")]
    [InlineData("x-{sha256:8}/x.tar", "in the name of a directory")]
    [InlineData("x-{sha256:8}", "a directory has no SHA-256", "--directory-only")]
    public void What_is_no_placeholder_is_refused_before_anything_is_written(
        string name,
        string says,
        params string[] options
    )
    {
        CliResult result = Pack($"out/{name}", options);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains(says, result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_scratch["out"]));
    }

    [Fact]
    public void A_directory_of_the_name_is_not_replaced()
    {
        Assert.Equal(0, Pack("out/hello-{sha256:8}.tar").ExitCode);
        string made = Assert.Single(Directory.EnumerateFileSystemEntries(_scratch["out"]));
        File.Delete(made);
        Directory.CreateDirectory(made);

        Assert.Equal(2, Pack("out/hello-{sha256:8}.tar").ExitCode);
    }

    // The content depends on where the tests run: of some there is no letter among the first digits.
    private static string Digits(byte[] content, int least)
    {
        string all = Convert.ToHexStringLower(SHA256.HashData(content));
        int letter = all.AsSpan().IndexOfAnyInRange('a', 'f');
        return all[..Math.Max(least, letter + 1)];
    }

    private CliResult Pack(string output, params string[] options) =>
        Cli.Run(["pack", _lock, "-p", "linux-64", "-o", _scratch[output], .. options]);
}
