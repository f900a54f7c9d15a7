using System.Runtime.InteropServices;

namespace Packhorse.TestChannel;

/// <summary>What the machine that makes a channel is, and what it must have.</summary>
internal static class Machine
{
    /// <summary>Debian's name of the directories of this architecture.</summary>
    public static string Triple =>
        RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "aarch64-linux-gnu" : "x86_64-linux-gnu";

    /// <summary>Conda's name of this architecture.</summary>
    public static string Subdir =>
        RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "linux-aarch64" : "linux-64";

    public static bool IsRoot => Environment.IsPrivilegedProcess;

    /// <summary>Installs the program's packages when it is not there and this is root.</summary>
    /// <exception cref="MissingToolException">It is not there, and this is not root.</exception>
    public static void Require(string program, params string[] packages)
    {
        if (Tool.Exists(program))
        {
            return;
        }
        if (!IsRoot)
        {
            throw new MissingToolException(
                $"there is no {program} on this machine",
                $"run 'apt-get install {string.Join(' ', packages)}' as root"
            );
        }
        Dictionary<string, string> quiet = new() { ["DEBIAN_FRONTEND"] = "noninteractive" };
        Tool.Run("apt-get", ["-q", "-y", "--no-install-recommends", "install", .. packages], environment: quiet);
    }
}
