using Packhorse.TestChannel;

namespace Packhorse.EndToEnd;

/// <summary>The runtime for linux-aarch64, cross-built and run by QEMU's user mode; the command that carries it.</summary>
public sealed class Arm64Tests : IDisposable
{
    private const string Emulator = "/usr/bin/qemu-aarch64-static";

    private readonly DirectoryInfo _scratch = Directory.CreateTempSubdirectory("packhorse-arm64-");

    public void Dispose() => _scratch.Delete(recursive: true);

    [Fact]
    public void An_environment_for_another_processor_is_packed_here_and_unpacked_there()
    {
        string runtime = Path.Combine(Path.GetDirectoryName(Published.Packhorse)!, "packhorse-runtime-aarch64");
        Assert.SkipUnless(
            File.Exists(runtime) && File.Exists(Emulator),
            "no runtime for linux-aarch64 (dotnet build.cs publish --all)"
        );
        string file = Pack();
        // Here the header refuses.
        Assert.Equal(7, Published.Start("/bin/sh", [file, "-q"]).ExitCode);
        string output = Path.Combine(_scratch.FullName, "out");
        string[] there = [runtime, "--self-extracting", "", file];
        Published.Start(Emulator, [.. there, "-q", "-o", output]).Succeeded();
        Assert.Equal($"{output}/env\n", File.ReadAllText($"{output}/env/share/prefix"));
        Published.Start(Emulator, [.. there, "verify"]).Succeeded();
        // Once more: over an existing environment.
        Published.Start(Emulator, [.. there, "-q", "-o", output]).Succeeded();
        // The emulator starts no foreign programs: the command is one of this machine.
        string[] command = ["run", "--into", output, "--", "/bin/sh", "-c", "echo $CONDA_PREFIX"];
        Outcome run = Published.Start(Emulator, [.. there, .. command]).Succeeded();
        Assert.StartsWith($"{output}/packhorse-", run.Output, StringComparison.Ordinal);
    }

    private string Pack()
    {
        var channel = new ChannelDirectory(Path.Combine(_scratch.FullName, "channel"));
        channel.Add(
            new PackageBuilder("tool")
                .Subdir("linux-aarch64")
                .AddFile("share/prefix", $"{Placeholder.Default}\n", prefix: PrefixMode.Text)
        );
        string file = Path.Combine(_scratch.FullName, "environment.sh");
        string lockFile = channel.WriteLock(Path.Combine(_scratch.FullName, "project"), platform: "linux-aarch64");
        Published
            .Run("pack", lockFile, "-q", "--platform", "linux-aarch64", "--create-executable", "-o", file)
            .Succeeded();
        return file;
    }
}
