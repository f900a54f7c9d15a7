using Packhorse.TestChannel;

namespace Packhorse.Fuzz;

/// <summary>Packages of a few hundred bytes.</summary>
internal static class Small
{
    /// <summary>A script with the prefix in it, a link and a data file.</summary>
    public static PackageBuilder Tool(string name = "tool") =>
        new PackageBuilder(name)
            .AddExecutable($"bin/{name}", $"#!{Placeholder.Default}/bin/sh\necho {name}\n", PrefixMode.Text)
            .AddSymlink($"bin/{name}-link", name)
            .AddFile($"share/{name}/data", $"data of {name}\n");

    public static PackageBuilder Python() =>
        new PackageBuilder("python", "3.12.1").AddExecutable("bin/python3.12", "#!/bin/sh\n");

    public static PackageBuilder Module(string name = "module") =>
        new PackageBuilder(name)
            .NoArchPython()
            .DependsOn("python")
            .AddFile($"site-packages/{name}.py", "x = 1\n")
            .AddEntryPoint($"run-{name} = {name}:main");
}
