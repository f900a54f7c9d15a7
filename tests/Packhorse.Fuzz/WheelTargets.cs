using System.Text;
using Packhorse.Conda;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.TestChannel;
using Packhorse.Wheels;

namespace Packhorse.Fuzz;

/// <summary>Wheels, whole and by the texts in them.</summary>
internal static class WheelTargets
{
    private const string Where = "input";

    private static WheelBuilder Builder() =>
        new WheelBuilder("demo")
            .AddFile("demo/__init__.py", "def main(): pass\n")
            .AddScript("demo-script", "#!python -E\nimport demo\n")
            .AddFile("demo-1.0.data/headers/demo.h", "")
            .AddCommand("demo = demo:main [extra]");

    public static IReadOnlyList<byte[]> ValidOf(string target) =>
        target switch
        {
            "wheel" => [Builder().ToBytes(), Builder().WithMachineCode().EditRecord(_ => "").ToBytes()],
            "wheel-commands" => ["[console_scripts]\na = b.c:d [x]\n\n[gui_scripts]\ne=f:g\n"u8.ToArray()],
            "wheel-metadata" => ["Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n folded\n\nText\n"u8.ToArray()],
            _ => [Encoding.UTF8.GetBytes(WheelBuilder.Line("a, b.py", [1]) + "\"c\"\"\",,\r\nd/RECORD,,\n")],
        };

    // As unpacking does it, into nothing.
    public static void Wheel(ReadOnlyMemory<byte> input)
    {
        var content = new MemorySource(input);
        WheelInfo wheel = WheelReader.Read(content, Builder().FileName, Where);
        PackageRecord record = wheel.FileName.ToRecord(default);
        PackageRecord python = record with
        {
            Name = "python",
            Version = "3.12.1",
            Build = "0",
            Subdir = Platform.Linux64.Subdir,
        };
        var interpreter = new PackageToInstall
        {
            Record = python,
            Info = new PackageInfo { Index = python, Paths = [] },
            FileName = Where,
            Url = "",
        };
        var target = new InstallTarget("/prefix", Platform.Linux64);
        var plan = InstallPlan.Create([PackageToInstall.Of(wheel, record, ""), interpreter], target);
        using var linker = new WheelLinker(plan.Packages[0], target, new FuzzTargets.NullSink());
        _ = CondaMeta.WriteRecord(linker.Link(content, CancellationToken.None));
    }

    public static void Commands(ReadOnlyMemory<byte> input) =>
        _ = EntryPointsFile.ForPython(EntryPointsFile.Parse(input.Span, Where), "3.12");

    public static void Metadata(ReadOnlyMemory<byte> input)
    {
        var metadata = WheelMetadata.Parse(input.Span, Where);
        _ = metadata.Require("Name", Where);
        _ = metadata.Find("Version");
    }

    public static void Record(ReadOnlyMemory<byte> input) =>
        _ = RecordFile.Write(RecordFile.Parse(input.Span, Where).Values);
}
