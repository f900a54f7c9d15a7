using System.Diagnostics;
using System.Globalization;
using Packhorse.Bench.Measure;
using Packhorse.TestChannel;

namespace Packhorse.Bench;

/// <summary>
/// A self-extracting file of more than 2 GB beside the way of pixi-pack's: markers found by grep, base64 on one line taken out by sed and
/// decoded, then a tar. Its unpacker is not run: the packages that come out of the tar stand for all that it would write.
/// </summary>
internal sealed class ExecutableBenchmark(string scratch, TextWriter output)
{
    private const int Packages = 120;
    private const int FilesOfPackage = 80;
    private const int BytesOfFile = 230_000;
    private const int HeaderBytes = 8192;
    private const int EndMarkBytes = 16;

    private const string StockHeader = $$"""
        set -eu
        mkdir -p "$2/temporary" "$2/out"
        decode() {
        {{StockFile.Decode}}
        }
        decode "$1" "$2/temporary"
        tar xf "$2/temporary/archive.tar" -C "$2/out"
        rm -r "$2/temporary"
        """;

    private string this[string name] => Path.Combine(scratch, name);

    public void Run()
    {
        MakePacks();
        long runtime = new FileInfo(
            Path.Combine(Path.GetDirectoryName(Programs.Packhorse)!, "packhorse-runtime")
        ).Length;
        long padded = (runtime + HeaderBytes - 1) / HeaderBytes * HeaderBytes;
        long tar = new FileInfo(this["environment.tar"]).Length;
        long file = new FileInfo(this["environment.sh"]).Length;
        Write(
            $"environment.sh: {file:N0} bytes = tar {tar:N0} + runtime {padded:N0} + {file - tar - padded:N0} (header and end mark: {HeaderBytes + EndMarkBytes:N0})"
        );

        string ours = this["ours"];
        Directory.CreateDirectory(ours);
        (Measurement mine, TimeSpan first) = Measure(["/bin/sh", this["environment.sh"], "-q", "-o", ours], ours);
        long environment = LargeBenchmarks.SizeOf(Path.Combine(ours, "env"));
        PackBenchmark.Remove(ours);
        File.Delete(this["environment.sh"]);

        string stockFile = MakeStockFile();
        File.Delete(this["environment.tar"]);
        string stock = this["stock"];
        Directory.CreateDirectory(stock);
        (Measurement theirs, TimeSpan theirFirst) = Measure(
            ["/bin/sh", "-c", StockHeader, "sh", stockFile, stock],
            stock + "/out"
        );

        output.WriteLine();
        output.WriteLine("| | environment.sh | grep, sed, base64, tar |");
        output.WriteLine("|---|---|---|");
        Row("peak memory of the process tree, MB", mine.PeakTotal / 1e6, theirs.PeakTotal / 1e6, "0");
        Row("first file written after, s", first.TotalSeconds, theirFirst.TotalSeconds, "0.00");
        Row("all done after, s", mine.Wall.TotalSeconds, theirs.Wall.TotalSeconds, "0.0");
        Row("written, MB", mine.BytesWritten / 1e6, theirs.BytesWritten / 1e6, "0");
        Row("processor, s", mine.Processor.TotalSeconds, theirs.Processor.TotalSeconds, "0.0");
        output.WriteLine();
        Write(
            $"written: {(double)mine.BytesWritten / (environment + padded):0.0000} x environment and runtime ({environment / 1e6:0} MB + {padded / 1e6:0.0} MB)"
        );
        Write($"the stock column ends with packages: what unpacks them comes on top");
    }

    // Packages like wheels of weights: of bytes that do not compress.
    private void MakePacks()
    {
        var channel = new ChannelDirectory(this["channel"]);
        var random = new Random(1);
        var content = new byte[BytesOfFile];
        for (int i = 0; i < Packages; i++)
        {
            var package = new PackageBuilder($"package{i}");
            for (int n = 0; n < FilesOfPackage; n++)
            {
                random.NextBytes(content);
                package.AddFile($"share/package{i}/{n}", content.ToArray());
            }
            channel.Add(package);
        }
        string lockFile = channel.WriteLock(this["project"]);
        foreach (
            string[] options in (string[][])
                [
                    ["-o", this["environment.tar"]],
                    ["--create-executable", "-o", this["environment.sh"]],
                ]
        )
        {
            Checked(MeasuredProcess.Run([Programs.Packhorse, "pack", lockFile, "-p", "linux-64", "-q", .. options]));
        }
        PackBenchmark.Remove(this["channel"]);
    }

    private string MakeStockFile()
    {
        string file = this["stock.sh"];
        string runtime = Path.Combine(Path.GetDirectoryName(Programs.Packhorse)!, "packhorse-runtime");
        StockFile.Make(this["environment.tar"], runtime, file);
        return file;
    }

    // Looks every millisecond for a file in the directory or in the one that becomes the environment.
    private static (Measurement Measured, TimeSpan First) Measure(string[] command, string directory)
    {
        long start = Stopwatch.GetTimestamp();
        TimeSpan first = TimeSpan.Zero;
        using var stop = new CancellationTokenSource();
        var watching = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                if (HasFile(directory))
                {
                    first = Stopwatch.GetElapsedTime(start);
                    return;
                }
                Thread.Sleep(1);
            }
        });
        Measurement measured = Checked(MeasuredProcess.Run(command));
        stop.Cancel();
        watching.GetAwaiter().GetResult();
        return (measured, first);
    }

    private static bool HasFile(string directory)
    {
        try
        {
            return Directory.Exists(directory)
                && Directory
                    .EnumerateFiles(directory, "*", SearchOption.AllDirectories)
                    .Any(file => !file.EndsWith("-lock", StringComparison.Ordinal));
        }
        // Directories come and go meanwhile.
        catch (DirectoryNotFoundException)
        {
            return false;
        }
    }

    private static Measurement Checked(Measurement measured) =>
        measured.ExitCode == 0
            ? measured
            : throw new InvalidOperationException($"a command ended with exit code {measured.ExitCode}");

    private void Row(string what, double ours, double theirs, string format) =>
        output.WriteLine(
            $"| {what} | {ours.ToString(format, CultureInfo.InvariantCulture)} | {theirs.ToString(format, CultureInfo.InvariantCulture)} |"
        );

    private void Write(FormattableString line) => output.WriteLine($"- {line.ToString(CultureInfo.InvariantCulture)}");
}
