using System.Globalization;
using Packhorse.Bench.Measure;
using Packhorse.TestChannel;

namespace Packhorse.Bench;

/// <summary>Images against squashfs-tools on the same environment.</summary>
internal sealed class ImageBenchmarks(Channel channel, string scratch, TextWriter output)
{
    // The images' own: what mksquashfs does without being told otherwise but for the compressor.
    private static readonly string[] Settings =
    [
        "-comp",
        "zstd",
        "-Xcompression-level",
        "6",
        "-all-root",
        "-no-progress",
        "-quiet",
        "-noappend",
    ];

    private string Image => Path.Combine(scratch, "image.sqfs");

    private string StockImage => Path.Combine(scratch, "stock.sqfs");

    private string Prefix => Path.Combine(scratch, "prefix", "env");

    public void Run()
    {
        string pack = Path.Combine(scratch, "environment.tar");
        Checked(MeasuredProcess.Run([Programs.Packhorse, "pack", channel.LockFile, "-o", pack, "-q"]));
        Checked(MeasuredProcess.Run([Programs.Packhorse, "unpack", pack, "-o", Path.GetDirectoryName(Prefix)!, "-q"]));
        File.Delete(pack);
        output.WriteLine(Comparison.Header);
        output.WriteLine(
            Comparison.Run("pack --image, from packages", "mksquashfs, of the unpacked tree", MakeImage, MakeStockImage)
        );
        CheckContents();
        PackBenchmark.Remove(Path.GetDirectoryName(Prefix)!);
        output.WriteLine(Comparison.Run("unpack IMAGE", "unsquashfs", Unpack, UnpackStock));
        output.WriteLine();
        double ratio = (double)new FileInfo(Image).Length / new FileInfo(StockImage).Length;
        Write($"size of the image: {new FileInfo(Image).Length / 1e6:0.0} MB, {ratio:0.0000} x mksquashfs's");
        Write(
            $"its packages have {channel.PackedSize / 1e6:0.0} MB, {(double)new FileInfo(Image).Length / channel.PackedSize:0.000} of which it is"
        );
        Measurement withByteCode = Checked(
            MeasuredProcess.Run([Programs.Packhorse, "pack", channel.LockFile, "-o", Image, "--pyc", "on", "-q"])
        );
        Write(
            $"with byte-code of all modules: {new FileInfo(Image).Length / 1e6:0.0} MB in {withByteCode.Wall.TotalSeconds:0.0} s ({withByteCode.Processor.TotalSeconds:0.0} s of processor)"
        );
    }

    private Measurement MakeImage()
    {
        File.Delete(Image);
        return MeasuredProcess.Run([
            Programs.Packhorse,
            "pack",
            channel.LockFile,
            "-o",
            Image,
            "--prefix",
            Prefix,
            "--pyc",
            "off",
            "-q",
        ]);
    }

    private Measurement MakeStockImage()
    {
        File.Delete(StockImage);
        return MeasuredProcess.Run([Programs.Find("mksquashfs"), Prefix, StockImage, .. Settings]);
    }

    private void CheckContents()
    {
        string extracted = Path.Combine(scratch, "extracted");
        Checked(
            MeasuredProcess.Run([Programs.Find("unsquashfs"), "-no-progress", "-quiet", "-dest", extracted, Image])
        );
        // diff does not look at permissions and times; find prints them.
        const string List =
            "find . -mindepth 1 ! -type d ! -name packhorse-records -printf '%p %y %m %s %Ts %l %n\\n' | sort";
        const string Directories = "find . -mindepth 1 -type d -printf '%p %m\\n' | sort";
        string script =
            $"cd '{Prefix}' && {{ {List}; {Directories}; }} >'{scratch}/a' && cd '{extracted}' && {{ {List}; {Directories}; }} >'{scratch}/b' && cmp '{scratch}/a' '{scratch}/b' && diff -r --no-dereference -x packhorse-records '{Prefix}' '{extracted}'";
        Checked(MeasuredProcess.Run(["/bin/sh", "-c", script]));
        PackBenchmark.Remove(extracted);
    }

    private Measurement Unpack()
    {
        string ours = Path.Combine(scratch, "ours");
        PackBenchmark.Remove(ours);
        return MeasuredProcess.Run([Programs.Packhorse, "unpack", Image, "-o", ours, "-q"]);
    }

    private Measurement UnpackStock()
    {
        string stock = Path.Combine(scratch, "stock");
        PackBenchmark.Remove(stock);
        string processors = Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture);
        return MeasuredProcess.Run([
            Programs.Find("unsquashfs"),
            "-no-progress",
            "-quiet",
            "-p",
            processors,
            "-dest",
            stock,
            StockImage,
        ]);
    }

    private static Measurement Checked(Measurement measured) =>
        measured.ExitCode == 0
            ? measured
            : throw new InvalidOperationException($"a run ended with exit code {measured.ExitCode}");

    private void Write(FormattableString line) => output.WriteLine($"- {line.ToString(CultureInfo.InvariantCulture)}");
}
