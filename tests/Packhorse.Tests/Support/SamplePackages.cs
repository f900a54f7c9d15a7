using System.Text;
using System.Text.Json.Nodes;
using Packhorse.Model;
using Packhorse.TestChannel;

namespace Packhorse.Tests.Support;

/// <summary>A small environment that has one of everything: kinds of package, of files, of prefixes, of conflicts.</summary>
public static class SamplePackages
{
    /// <summary>Both formats, one package without paths.json, one that another one clobbers.</summary>
    public static IEnumerable<(PackageBuilder Builder, PackageArchiveKind Kind)> All =>
        [
            (Python(), PackageArchiveKind.Conda),
            (Tool(), PackageArchiveKind.TarBz2),
            (NoArchTool(), PackageArchiveKind.Conda),
            (Old(), PackageArchiveKind.TarBz2),
            (Clobbering(), PackageArchiveKind.Conda),
            (new PackageBuilder("empty", "0.1", "0").NoArchGeneric(), PackageArchiveKind.Conda),
        ];

    public static ChannelDirectory Channel(string root)
    {
        var channel = new ChannelDirectory(root);
        foreach ((PackageBuilder builder, PackageArchiveKind kind) in All)
        {
            channel.Add(builder, kind);
        }
        return channel;
    }

    public static PackageBuilder Python(string version = "3.11.4") =>
        new PackageBuilder("python", version, "h1_0_cpython")
            .AddExecutable("bin/python3.11", "#!/bin/sh\nexec true\n")
            .AddSymlink("bin/python", "python3.11")
            .AddFile("lib/libpython3.11.so.1.0", Binary("libpython"), Modes.Executable, PrefixMode.Binary)
            .AddSymlink("lib/libpython3.11.so", "libpython3.11.so.1.0")
            .AddFile("lib/python3.11/os.py", "sep = '/'\n")
            .AddFile(
                "lib/python3.11/_sysconfigdata.py",
                $"prefix = '{Placeholder.Default}'\n",
                prefix: PrefixMode.Text
            );

    private static PackageBuilder Tool() =>
        new PackageBuilder("tool", "1!2.0", "h2_3")
            .DependsOn("python >=3.11,<3.12.0a0")
            .Constrains("old <2")
            .AddExecutable("bin/tool", $"#!{Placeholder.Default}/bin/python\nprint(1)\n", PrefixMode.Text)
            .AddFile("bin/tool.bin", Binary("tool"), Modes.FromOctal(555), PrefixMode.Binary)
            .AddFile("etc/tool.conf", $"a={Placeholder.Default}\nb={Placeholder.Default}/x\n", prefix: PrefixMode.Text)
            .AddFile("share/empty", "")
            .AddFile("share/private", "secret\n", Modes.FromOctal(600))
            .AddFile("share/not linked", "copy\n")
            .NoLink("share/not linked")
            .AddFile($"share/{new string('d', 120)}/{new string('f', 200)}", "long\n")
            .AddFile("share/straße/日本語.txt", "names\n")
            .AddSymlink("share/dangling", "../nowhere/at all")
            .AddMember(new TarMember("share/same", TarMember.HardLink) { LinkName = "share/not linked" })
            .EditPaths(paths => AddPath(paths, "share/same", "hardlink"))
            .EditPaths(paths => AddPath(paths, "share/empty-directory", "directory"));

    private static PackageBuilder NoArchTool() =>
        new PackageBuilder("noarch-tool", "3.1", "pyhd8ed1ab_0")
            .NoArchPython()
            .DependsOn("python")
            .AddFile("site-packages/noarch_tool/__init__.py", "def main():\n    pass\n")
            .AddFile("site-packages/noarch_tool/where.py", $"W = '{Placeholder.Default}'\n", prefix: PrefixMode.Text)
            .AddExecutable("python-scripts/noarch-script", $"#!{Placeholder.Default}/bin/python\n", PrefixMode.Text)
            .AddFile("share/noarch-tool.txt", "data\n")
            .AddEntryPoint("noarch-tool = noarch_tool:main");

    private static PackageBuilder Old() =>
        new PackageBuilder("old", "1.0", "0")
            .Placeholder(Placeholder.Legacy)
            .AddFile("lib/old.la", $"libdir='{Placeholder.Legacy}/lib'\n", prefix: PrefixMode.Text)
            .Placeholder(Placeholder.Default)
            .AddFile("lib/old.so", Binary("old"), Modes.Executable, PrefixMode.Binary)
            .AddSymlink("lib/old.so.1", "old.so")
            .Quirks(new ArchiveQuirks { OmitPathsJson = true, TarFormat = TarFormat.Gnu });

    private static PackageBuilder Clobbering() =>
        new PackageBuilder("a-rival", "1.0", "0")
            .AddFile("etc/tool.conf", "mine\n")
            .AddFile("share/empty/not-a-directory", "below a file of tool\n");

    private static void AddPath(JsonObject paths, string path, string type) =>
        paths["paths"]!.AsArray().Add(new JsonObject { ["_path"] = path, ["path_type"] = type });

    private static byte[] Binary(string name)
    {
        string placeholder = Placeholder.Default;
        string text =
            $"\u007fELF{name}\0{placeholder}/lib\0tail\0{placeholder}/share:{placeholder}\0\0end{placeholder}";
        return Encoding.Latin1.GetBytes(text);
    }
}
