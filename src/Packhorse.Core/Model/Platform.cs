using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace Packhorse.Model;

/// <summary>A conda subdir such as <c>linux-64</c> (CEP 26); <see cref="NoArch"/> is one too.</summary>
public readonly record struct Platform
{
    // subdir -> (platform, arch) as conda's index.json writes them
    private static readonly FrozenDictionary<string, (string? Os, string? Arch)> Known = new Dictionary<
        string,
        (string? Os, string? Arch)
    >(StringComparer.Ordinal)
    {
        ["noarch"] = (null, null),
        ["unknown"] = (null, null),
        ["linux-32"] = ("linux", "x86"),
        ["linux-64"] = ("linux", "x86_64"),
        ["linux-aarch64"] = ("linux", "aarch64"),
        ["linux-armv6l"] = ("linux", "armv6l"),
        ["linux-armv7l"] = ("linux", "armv7l"),
        ["linux-loongarch64"] = ("linux", "loongarch64"),
        ["linux-ppc64le"] = ("linux", "ppc64le"),
        ["linux-ppc64"] = ("linux", "ppc64"),
        ["linux-ppc"] = ("linux", "ppc"),
        ["linux-s390x"] = ("linux", "s390x"),
        ["linux-riscv32"] = ("linux", "riscv32"),
        ["linux-riscv64"] = ("linux", "riscv64"),
        ["freebsd-32"] = ("freebsd", "x86"),
        ["freebsd-64"] = ("freebsd", "x86_64"),
        ["freebsd-arm64"] = ("freebsd", "arm64"),
        ["osx-64"] = ("osx", "x86_64"),
        ["osx-arm64"] = ("osx", "arm64"),
        ["ios-arm64"] = ("ios", "arm64"),
        ["iossimulator-64"] = ("iossimulator", "x86_64"),
        ["iossimulator-arm64"] = ("iossimulator", "arm64"),
        ["android-32"] = ("android", "x86"),
        ["android-64"] = ("android", "x86_64"),
        ["android-aarch64"] = ("android", "aarch64"),
        ["android-armv7a"] = ("android", "armv7a"),
        ["win-32"] = ("win", "x86"),
        ["win-64"] = ("win", "x86_64"),
        ["win-arm64"] = ("win", "arm64"),
        ["emscripten-wasm32"] = ("emscripten", "wasm32"),
        ["emscripten-wasm64"] = ("emscripten", "wasm64"),
        ["wasi-wasm32"] = ("wasi", "wasm32"),
        ["zos-z"] = ("zos", "z"),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private readonly string? _subdir;

    private Platform(string subdir) => _subdir = subdir;

    public static Platform NoArch { get; } = new("noarch");

    public static Platform Linux64 { get; } = new("linux-64");

    /// <summary>The name of the directory in a channel.</summary>
    public string Subdir => _subdir ?? "noarch";

    /// <summary>Operating system as index.json's <c>platform</c> has it; null for noarch.</summary>
    public string? OperatingSystem => Known[Subdir].Os;

    /// <summary>Processor as index.json's <c>arch</c> has it; null for noarch.</summary>
    public string? Architecture => Known[Subdir].Arch;

    public bool IsWindows => OperatingSystem == "win";

    public bool IsMacOS => OperatingSystem == "osx";

    public bool IsLinux => OperatingSystem == "linux";

    /// <summary>Every subdir that is known, sorted.</summary>
    public static IEnumerable<string> All => Known.Keys.Order(StringComparer.Ordinal);

    public static bool TryParse([NotNullWhen(true)] string? subdir, out Platform platform)
    {
        bool known = subdir is not null && Known.ContainsKey(subdir);
        platform = known ? new Platform(subdir!) : default;
        return known;
    }

    public override string ToString() => Subdir;
}
