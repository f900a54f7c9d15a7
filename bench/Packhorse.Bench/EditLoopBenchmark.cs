using System.Globalization;
using Packhorse.Bench.Measure;
using Packhorse.TestChannel;

namespace Packhorse.Bench;

/// <summary>
/// One small package of a large environment changes, and the environment is packed and published again: as a whole, and as a delta
/// against what was published before.
/// </summary>
internal sealed class EditLoopBenchmark(Channel channel, string environment, string scratch, TextWriter output)
{
    private const int Rounds = 3;

    // About what an ordinary package of one's own has.
    private const long ChangedBytes = 300_000;

    public void Run()
    {
        string shelf = Path.Combine(scratch, "shelf");
        Directory.CreateDirectory(shelf);
        Pack(channel.LockFile, "base.sh");
        Publish("base.sh", shelf);
        string published = Directory.GetFiles(shelf)[0];
        File.Delete(Path.Combine(scratch, "base.sh"));
        var whole = new List<(Measurement Pack, Measurement Publish, long Bytes)>();
        var delta = new List<(Measurement Pack, Measurement Publish, long Bytes)>();
        for (int round = 0; round < Rounds; round++)
        {
            string lockFile = Change(round);
            // Neither always goes first.
            if (round % 2 == 0)
            {
                whole.Add(Measure(lockFile, "whole.sh"));
                delta.Add(Measure(lockFile, "delta.sh", "--since", published));
            }
            else
            {
                delta.Add(Measure(lockFile, "delta.sh", "--since", published));
                whole.Add(Measure(lockFile, "whole.sh"));
            }
        }
        output.WriteLine("| | pack, s | publish, s | file, MB | written, MB |");
        output.WriteLine("|---|---|---|---|---|");
        output.WriteLine(Row("the whole pack", whole));
        output.WriteLine(Row("a delta", delta));
    }

    private (Measurement Pack, Measurement Publish, long Bytes) Measure(
        string lockFile,
        string name,
        params string[] options
    )
    {
        string file = Path.Combine(scratch, name);
        string shelf = Path.Combine(scratch, "other-shelf");
        Directory.CreateDirectory(shelf);
        Measurement packing = Pack(lockFile, name, options);
        Measurement publishing = Publish(name, shelf);
        long bytes = new FileInfo(file).Length;
        File.Delete(file);
        Directory.Delete(shelf, recursive: true);
        return (packing, publishing, bytes);
    }

    private Measurement Pack(string lockFile, string name, params string[] options) =>
        Checked(
            MeasuredProcess.Run([
                Programs.Packhorse,
                "pack",
                lockFile,
                "-q",
                "-e",
                environment,
                "--create-executable",
                "-o",
                Path.Combine(scratch, name),
                .. options,
            ])
        );

    private Measurement Publish(string name, string shelf) =>
        Checked(MeasuredProcess.Run([Programs.Packhorse, "publish", "-q", Path.Combine(scratch, name), "--to", shelf]));

    /// <returns>A lock file in which one package has another build.</returns>
    private string Change(int round)
    {
        BuiltPackage old = channel.Packages.MinBy(package => Math.Abs(package.Content.Length - ChangedBytes))!;
        var content = new byte[old.Content.Length];
        new Random(round).NextBytes(content);
        var own = new ChannelDirectory(Path.Combine(scratch, $"changed{round}"));
        BuiltPackage changed = own.Add(
            new PackageBuilder(old.Record.Name, old.Record.Version, $"changed_{round}").AddFile(
                "share/changed",
                content
            )
        );
        LockBuilder text = new LockBuilder("file://" + channel.Directory)
            .In(environment)
            .Add(channel.Packages.Where(package => package != old))
            .Add(changed.Record, changed.FileName, new Uri(own.PathOf(changed)).AbsoluteUri);
        string lockFile = Path.Combine(own.Root, "pixi.lock");
        File.WriteAllText(lockFile, text.ToYaml());
        return lockFile;
    }

    private static string Row(string name, List<(Measurement Pack, Measurement Publish, long Bytes)> measured) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"| {name} | {Range(measured, m => m.Pack)} | {Range(measured, m => m.Publish)} | {measured[0].Bytes / 1e6:0.0} | {measured.Average(m => (m.Pack.BytesWritten + m.Publish.BytesWritten) / 1e6):0.0} |"
        );

    private static string Range(
        List<(Measurement Pack, Measurement Publish, long Bytes)> measured,
        Func<(Measurement Pack, Measurement Publish, long Bytes), Measurement> step
    )
    {
        double[] seconds = [.. measured.Select(m => step(m).Wall.TotalSeconds).Order()];
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{seconds[seconds.Length / 2]:0.00} ({seconds[0]:0.00}–{seconds[^1]:0.00})"
        );
    }

    private static Measurement Checked(Measurement measured) =>
        measured.ExitCode == 0
            ? measured
            : throw new InvalidOperationException($"a run ended with exit code {measured.ExitCode}");
}
