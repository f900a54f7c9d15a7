using System.Runtime.Versioning;
using Packhorse.Tests.BadInput;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.SelfExtracting;

/// <summary>A self-extracting file with another unpacker: the published runtime, made unknown by a change of its note's owner.</summary>
[SupportedOSPlatform("linux")]
public sealed class OtherUnpackerTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly string _file;

    public OtherUnpackerTests()
    {
        byte[] program = File.ReadAllBytes(SmallPack.Runtime);
        int note = program.AsSpan().IndexOf("\x01\0\0\0Packhorse\0"u8);
        "Otherpack"u8.CopyTo(program.AsSpan(note + 4));
        string other = _scratch.Write("other", program);
        _file = _scratch["environment.sh"];
        string said = SmallPack.Pack(
            SmallPack.MakeLock(_scratch.Root),
            _scratch["made.sh"],
            "--create-executable",
            "--pixi-unpack-source",
            other
        );
        Assert.Contains("is not packhorse's runtime", said, StringComparison.Ordinal);
        StockTool.Run("cp", "-p", _scratch["made.sh"], _file);
        Directory.CreateDirectory(_scratch["tmp"]);
        Directory.CreateDirectory(_scratch["out"]);
    }

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("dash")]
    [InlineData("bash")]
    [InlineData("busybox")]
    public void It_gets_the_tar_on_standard_input_and_its_copy_is_removed(string shell)
    {
        Assert.SkipUnless(File.Exists($"/bin/{shell}"), $"no {shell} on this machine");
        string[] sh = shell == "busybox" ? ["/bin/busybox", "sh"] : [$"/bin/{shell}"];

        Run([.. sh, _file, "-o", _scratch["with blank"], "-e", "custom"]).ExpectCode(0);

        Assert.True(File.Exists(_scratch["with blank/custom/bin/hello"]));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_scratch["tmp"]));
    }

    [Fact]
    public void Its_exit_code_is_the_files_and_its_copy_is_removed_then_too()
    {
        Run([_file, "--nonsense"]).ExpectCode(2);
        Run([_file, "-o", "/proc/nowhere"]).ExpectCode(3);

        Assert.Empty(Directory.EnumerateFileSystemEntries(_scratch["tmp"]));
    }

    [Theory]
    [InlineData("run", 112)]
    [InlineData("shell", 112)]
    [InlineData("verify", 2)]
    [InlineData("inspect", 2)]
    public void What_it_cannot_do_is_refused_with_what_can(string verb, int code)
    {
        Outcome outcome = Run([_file, verb]).ExpectCode(code);

        Assert.Contains($"hint: packhorse {verb} {_file}", outcome.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_scratch["tmp"]));
    }

    [Fact]
    public void Where_it_may_not_be_executed_the_next_directory_is_tried()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "this test becomes other users");
        string script =
            $"mount -t tmpfs -o noexec none '{_scratch["tmp"]}' && exec sh '{_file}' -q -o '{_scratch["out"]}'";

        Run(["/usr/bin/unshare", "-m", "/bin/sh", "-c", script]).ExpectCode(0);

        Assert.True(File.Exists(_scratch["out/env/bin/hello"]));
    }

    [Fact]
    public void The_command_line_reads_runs_and_verifies_the_file()
    {
        Assert.Equal(0, Cli.Run("verify", _file).ExitCode);
        Assert.Equal(0, Cli.Run("unpack", "-o", _scratch["out"], _file).ExitCode);
        Run([SmallPack.Runtime, "run", _file, "hello"]).ExpectCode(0);
    }

    [Fact]
    public void A_file_that_is_cut_off_is_refused_before_anything_is_written()
    {
        File.WriteAllBytes(_file, File.ReadAllBytes(_file)[..^3]);

        Run(["/bin/sh", _file]).ExpectCode(4);

        Assert.Empty(Directory.EnumerateFileSystemEntries(_scratch["out"]));
    }

    private Outcome Run(string[] command) =>
        new Execution
        {
            Command = command,
            Directory = _scratch["out"],
            Environment = new() { ["PATH"] = "/usr/bin:/bin", ["TMPDIR"] = _scratch["tmp"] },
        }.Run();
}
