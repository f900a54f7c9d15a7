using System.Globalization;
using Packhorse.Bench.Measure;
using Packhorse.TestChannel;

namespace Packhorse.Bench;

/// <summary>
/// An environment with the names and sizes of a real lock file's and with made-up contents: what memory and bytes cost at 4 GB.
/// </summary>
internal sealed class ShapedBenchmarks(Channel channel, string environment, string scratch, TextWriter output)
{
    public void Run()
    {
        string pack = Path.Combine(scratch, "shaped.tar");
        string ours = Path.Combine(scratch, "ours");
        Measurement packing = Checked(
            MeasuredProcess.Run([Programs.Packhorse, "pack", channel.LockFile, "-e", environment, "-o", pack, "-q"])
        );
        Measurement file = Checked(MeasuredProcess.Run([Programs.Packhorse, "unpack", pack, "-o", ours, "-q"]));
        long unpacked = LargeBenchmarks.SizeOf(Path.Combine(ours, "env"));
        PackBenchmark.Remove(ours);
        Measurement stream = Checked(
            MeasuredProcess.Run([Programs.Packhorse, "unpack", "-", "-o", ours, "-q"], input: pack)
        );
        PackBenchmark.Remove(ours);
        Write($"the environment: {unpacked / 1e6:0} MB unpacked");
        Write(
            $"pack: {Memory(packing)}, {(double)packing.BytesWritten / new FileInfo(pack).Length:0.0000} x the output written"
        );
        Write(
            $"unpack FILE: {Memory(file)}, {(double)file.BytesWritten / unpacked:0.000} x the environment written, {file.Wall.TotalSeconds:0.0} s"
        );
        Write(
            $"unpack -: {Memory(stream)}, {(double)stream.BytesWritten / unpacked:0.000} x the environment written, {stream.Wall.TotalSeconds:0.0} s"
        );
        File.Delete(pack);
        new CutDownloads(channel, environment, scratch, Write).Run();
    }

    private static string Memory(Measurement measured) =>
        string.Create(CultureInfo.InvariantCulture, $"{measured.PeakTotal / 1e6:0} MB of memory");

    private static Measurement Checked(Measurement measured) =>
        measured.ExitCode == 0
            ? measured
            : throw new InvalidOperationException($"a run ended with exit code {measured.ExitCode}");

    private void Write(FormattableString line) => output.WriteLine($"- {line.ToString(CultureInfo.InvariantCulture)}");
}
