using System.Runtime.Versioning;
using Packhorse.TestChannel;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Install;

/// <summary>Scripts of an environment start wherever it lies: the kernel and the shells of this machine say so.</summary>
[SupportedOSPlatform("linux")]
public sealed class StartingTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public static TheoryData<string> Prefixes => ["env", "with a blank", new string('p', 150), "it's 日本"];

    [Theory]
    [MemberData(nameof(Prefixes))]
    public void Scripts_and_entry_points_start_under_any_prefix(string name)
    {
        string prefix = _scratch[name];
        Install(prefix);
        string python = $"{prefix}/bin/python3.11";
        Assert.Equal($"{python}||{prefix}/bin/tool|a b|c|", Run($"{prefix}/bin/tool"));
        Assert.Equal($"{python}|E|{prefix}/bin/with-option|a b|c|", Run($"{prefix}/bin/with-option"));
        Assert.Equal($"{python}||{prefix}/bin/entry|a b|c|", Run($"{prefix}/bin/entry"));
        // Through env where the prefix cannot stand in the first line: then PATH decides.
        Assert.Equal($"{prefix}/bin/runner||{prefix}/bin/run|a b|c|", Run($"{prefix}/bin/run"));
    }

    public void Dispose() => _scratch.Dispose();

    // Stands for an interpreter: a program, as the kernel takes no script for one.
    private void Install(string prefix)
    {
        string placeholder = Placeholder.Default;
        IReadOnlyList<string> packages = PackageFiles.Write(
            _scratch["packages"],
            new PackageBuilder("python", "3.11.0")
                .AddExecutable("bin/python3.11", "")
                .AddExecutable("bin/runner", "")
                .AddExecutable("bin/tool", $"#!{placeholder}/bin/python3.11\n", PrefixMode.Text)
                .AddExecutable("bin/with-option", $"#!{placeholder}/bin/python3.11 -E\n", PrefixMode.Text)
                .AddExecutable("bin/run", $"#!{placeholder}/bin/runner\n", PrefixMode.Text)
                .Pack(),
            new PackageBuilder("entry", "1.0", "py_0").NoArchPython().AddEntryPoint("entry = entry:main").Pack()
        );
        PackageFiles.InstallInto(prefix, packages);
        string bash = StockTool.Run("bash", "-c", "command -v bash").Trim();
        foreach (string interpreter in (string[])["python3.11", "runner"])
        {
            File.Delete($"{prefix}/bin/{interpreter}");
            File.CreateSymbolicLink($"{prefix}/bin/{interpreter}", bash);
        }
    }

    // The interpreter is a bash that is told by its environment to print how it was called before anything else.
    private string Run(string program)
    {
        string report = _scratch.Write("report", "printf '%s|' \"$BASH\" \"${-//[!E]/}\" \"$0\" \"$@\"; exit\n"u8);
        return StockTool.Run(
            "env",
            "-i",
            $"PATH={Path.GetDirectoryName(program)}:/usr/bin:/bin",
            $"BASH_ENV={report}",
            program,
            "a b",
            "c"
        );
    }
}
