using System.Runtime.InteropServices;
using Packhorse.Model;

namespace Packhorse.Os;

/// <summary>The conda platform of the machine at hand.</summary>
public static class HostPlatform
{
    public static Platform Current { get; } = Find();

    private static Platform Find()
    {
        string system =
            OperatingSystem.IsWindows() ? "win"
            : OperatingSystem.IsMacOS() ? "osx"
            : "linux";
        string processor = RuntimeInformation.OSArchitecture switch
        {
            Architecture.X64 => "64",
            Architecture.X86 => "32",
            Architecture.Arm64 => system == "linux" ? "aarch64" : "arm64",
            Architecture.Ppc64le => "ppc64le",
            Architecture.S390x => "s390x",
            Architecture.Armv6 => "armv6l",
            Architecture.Arm => "armv7l",
            Architecture.RiscV64 => "riscv64",
            Architecture.LoongArch64 => "loongarch64",
            _ => "unknown",
        };
        return Platform.TryParse($"{system}-{processor}", out Platform platform)
            ? platform
            : throw new IncompatibleException(
                ErrorCodes.UnsupportedHere,
                $"no conda platform is known for {RuntimeInformation.OSDescription} on {RuntimeInformation.OSArchitecture}"
            );
    }
}
