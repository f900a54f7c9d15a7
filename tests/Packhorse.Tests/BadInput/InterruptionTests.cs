using Packhorse.TestChannel;

namespace Packhorse.Tests.BadInput;

/// <summary>Signals in the middle of the work: it ends soon, with the signal's exit code, and leaves nothing half made.</summary>
public sealed class InterruptionTests : IDisposable
{
    private readonly Sandbox _sandbox = new();

    public void Dispose() => _sandbox.Dispose();

    [Theory]
    [InlineData(2)]
    [InlineData(15)]
    [InlineData(1)]
    public void Unpacking_from_a_pipe_that_stalls_ends(int signal)
    {
        Assert.SkipWhen(
            IsIgnored(signal),
            "this process ignores the signal, as under nohup, and so do those it starts"
        );
        byte[] pack = _sandbox.Pack(Small.Tool());
        string before = Tree.Describe(_sandbox.Work);
        using (PackhorseProcess process = PackhorseProcess.Start("unpack", "-", "-o", _sandbox["new/deep"]))
        {
            process.Process.StandardInput.BaseStream.Write(pack.AsSpan(0, pack.Length / 2));
            process.Process.StandardInput.BaseStream.Flush();
            PackhorseProcess.Until(() => Directory.Exists(_sandbox["new/deep/.env.packhorse-part"]), "a stage");
            process.Signal(signal);
            (int exitCode, string error) = process.Wait();
            Assert.True(exitCode == 128 + signal, $"{exitCode}: {error}");
            Assert.Contains("error: interrupted", error, StringComparison.Ordinal);
        }
        Assert.Equal(before, Tree.Describe(_sandbox.Work));
        _sandbox.Unpacks(pack, fromPipe: true);
    }

    [Fact]
    public void Unpacking_a_large_pack_ends_and_the_next_run_completes()
    {
        PackageBuilder large = Small.Tool();
        for (int i = 0; i < 4; i++)
        {
            large.AddFile($"lib/large-{i}", LargeContent.Compressible(250L << 20));
        }
        byte[] pack = _sandbox.Pack(large);
        string path = _sandbox.Write("pack.tar", pack);
        string before = Tree.Describe(_sandbox.Work);
        using (PackhorseProcess process = PackhorseProcess.Start("unpack", path, "-o", _sandbox.Work))
        {
            PackhorseProcess.Until(
                () => File.Exists(_sandbox[".env.packhorse-part/lib/large-0"]) || process.Process.HasExited,
                "a large file"
            );
            process.Signal(15);
            (int exitCode, string error) = process.Wait();
            Assert.True(exitCode == 143, $"{exitCode}: {error}");
        }
        Assert.Equal(before, Tree.Describe(_sandbox.Work));
    }

    [Fact]
    public void An_update_that_is_interrupted_leaves_the_environment_as_it_was()
    {
        byte[] old = _sandbox.Pack(Small.Tool());
        _sandbox.Unpacks(old, fromPipe: false);
        string before = Tree.Describe(_sandbox.Work);
        using var newer = new Sandbox();
        byte[] pack = newer.Pack(new PackageBuilder("tool", "2.0").AddFile("bin/tool", "new"), Small.Tool("other"));
        using (PackhorseProcess process = PackhorseProcess.Start("unpack", "-", "-o", _sandbox.Work))
        {
            process.Process.StandardInput.BaseStream.Write(pack.AsSpan(0, pack.Length - 1024));
            process.Process.StandardInput.BaseStream.Flush();
            PackhorseProcess.Until(() => Directory.Exists(_sandbox["env/.packhorse-part"]), "a stage");
            process.Signal(2);
            Assert.Equal(130, process.Wait().ExitCode);
        }
        Assert.Equal(before, Tree.Describe(_sandbox.Work));
    }

    [Fact]
    public void Waiting_for_another_process_ends()
    {
        using PackhorseProcess first = PackhorseProcess.Start("unpack", "-", "-o", _sandbox.Work);
        PackhorseProcess.Until(() => Directory.Exists(_sandbox[".env.packhorse-part"]), "a stage");
        string path = _sandbox.Write("pack.tar", _sandbox.Pack(Small.Tool()));
        CliResult busy = Cli.Run("unpack", path, "-o", _sandbox.Work, "--no-wait");
        Assert.Equal(5, busy.ExitCode);
        Assert.Contains("[PH0501]", busy.Error, StringComparison.Ordinal);

        using var interruption = new Interruption();
        using var timer = new Timer(_ => interruption.Raise(15), null, 300, Timeout.Infinite);
        CliResult waited = Cli.Run(Stream.Null, interruption, "unpack", path, "-o", _sandbox.Work);
        Assert.Equal(143, waited.ExitCode);
        Assert.Contains("waiting for another process", waited.Error, StringComparison.Ordinal);
        Assert.True(Directory.Exists(_sandbox[".env.packhorse-part"]));

        // Killed outright, it leaves its stage, which the next run clears away.
        first.Process.Kill();
        first.Process.WaitForExit();
        Assert.True(Directory.Exists(_sandbox[".env.packhorse-part"]));
        Assert.Equal(0, Cli.Run("unpack", path, "-o", _sandbox.Work).ExitCode);
        Assert.Empty(Directory.GetFileSystemEntries(_sandbox.Work, ".*"));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(15)]
    public void Packing_from_a_server_that_stalls_ends_and_the_next_run_completes(int signal)
    {
        BuiltPackage tool = _sandbox.Channel.Add(Small.Tool().AddFile("lib/large", LargeContent.OfBytes(1 << 20)));
        using var server = new StallingServer(_sandbox.Channel.Root);
        _sandbox.Channel.WriteLock(_sandbox["project"], server.Url);
        string[] pack = ["pack", _sandbox["project"], "-p", "linux-64", "-o", _sandbox["out.tar"]];
        using (PackhorseProcess process = PackhorseProcess.Start(pack))
        {
            PackhorseProcess.Until(() => server.HasStalled, "a request");
            process.Signal(signal);
            (int exitCode, string error) = process.Wait();
            Assert.True(exitCode == 128 + signal, $"{exitCode}: {error}");
        }
        Assert.False(File.Exists(_sandbox["out.tar"]));
        Assert.All(
            Directory.GetFileSystemEntries(_sandbox.Work),
            path => Assert.Contains(Path.GetFileName(path), (string[])["project", "out.tar.part.d"])
        );
        server.Resume();
        Assert.Equal(0, Cli.Run(pack).ExitCode);
        Assert.True(new FileInfo(_sandbox["out.tar"]).Length > tool.Content.Length);
        Assert.False(Directory.Exists(_sandbox["out.tar.part.d"]));
    }

    [Fact]
    public void Packing_into_a_pipe_that_nobody_reads_ends()
    {
        _sandbox.Channel.Add(Small.Tool().AddFile("lib/large", LargeContent.OfBytes(8 << 20)));
        using PackhorseProcess process = PackhorseProcess.Start("pack", _sandbox.Lock(), "-p", "linux-64", "-o", "-");
        Assert.True(process.Process.StandardOutput.Peek() >= 0);
        process.Signal(15);
        Assert.Equal(143, process.Wait().ExitCode);
    }

    [Fact]
    public void A_signal_that_the_process_was_told_to_ignore_stays_ignored()
    {
        byte[] pack = _sandbox.Pack(Small.Tool());
        using PackhorseProcess process = PackhorseProcess.Shell(
            "trap '' HUP; exec \"$@\"",
            "unpack",
            "-",
            "-o",
            _sandbox.Work
        );
        PackhorseProcess.Until(() => Directory.Exists(_sandbox[".env.packhorse-part"]), "a stage");
        process.Signal(1);
        Thread.Sleep(300);
        process.Process.StandardInput.BaseStream.Write(pack);
        process.Process.StandardInput.Close();
        (int exitCode, string error) = process.Wait();
        Assert.True(exitCode == 0, error);
    }

    // The mask of ignored signals, bit 0 for signal 1 (proc(5)).
    private static bool IsIgnored(int signal)
    {
        string line = File.ReadLines("/proc/self/status")
            .First(line => line.StartsWith("SigIgn:", StringComparison.Ordinal));
        ulong mask = ulong.Parse(line[7..].Trim(), System.Globalization.NumberStyles.HexNumber, null);
        return (mask & (1UL << (signal - 1))) != 0;
    }
}
