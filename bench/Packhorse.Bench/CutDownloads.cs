using Packhorse.Bench.Measure;
using Packhorse.TestChannel;

namespace Packhorse.Bench;

/// <summary>Packing from a server that cuts every connection, and what it costs over the bytes themselves.</summary>
internal sealed class CutDownloads(Channel channel, string environment, string scratch, Action<FormattableString> write)
{
    // No connection of the cutting server lives longer.
    private const int MostBytes = 24 << 20;

    public void Run()
    {
        using var server = new CuttingServer(channel.Directory, MostBytes, seed: 1);
        string lockFile = Path.Combine(scratch, "by-http", "pixi.lock");
        Directory.CreateDirectory(Path.GetDirectoryName(lockFile)!);
        string local = "file://" + channel.Directory;
        File.WriteAllText(
            lockFile,
            File.ReadAllText(channel.LockFile).Replace(local, server.Url, StringComparison.Ordinal)
        );
        string cut = Path.Combine(scratch, "cut.tar");
        Measurement cost = Pack(lockFile, cut);
        long sent = server.Sent;
        string whole = Path.Combine(scratch, "whole.tar");
        server.Cutting = false;
        Pack(lockFile, whole);
        bool equal = MeasuredProcess.Run([Programs.Find("cmp"), cut, whole]).ExitCode == 0;
        write(
            $"{channel.PackedSize / 1e6:0} MB from a server that cuts every connection before 24 MiB ({server.Cuts} cuts): {(double)sent / channel.PackedSize:0.000} x downloaded in {cost.Wall.TotalSeconds:0.0} s, {cost.PeakTotal / 1e6:0} MB of memory; cmp with a pack from the same server when it cuts nothing: {(equal ? "equal" : "DIFFERENT")}"
        );
        File.Delete(cut);
        File.Delete(whole);
    }

    private Measurement Pack(string lockFile, string output)
    {
        Measurement cost = MeasuredProcess.Run([
            Programs.Packhorse,
            "pack",
            lockFile,
            "-e",
            environment,
            "-o",
            output,
            "-q",
        ]);
        return cost.ExitCode == 0
            ? cost
            : throw new InvalidOperationException($"pack over http ended with {cost.ExitCode}");
    }
}
