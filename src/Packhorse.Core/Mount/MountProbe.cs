using System.Runtime.CompilerServices;
using System.Runtime.Versioning;
using Packhorse.Os;

namespace Packhorse.Mount;

/// <summary>What can be known about mounting on this machine without doing it: in much less than a millisecond.</summary>
[SupportedOSPlatform("linux")]
public static class MountProbe
{
    private const string MostNamespaces = "/proc/sys/user/max_user_namespaces";
    private const string NamespacesForUsers = "/proc/sys/kernel/unprivileged_userns_clone";
    private const string RestrictedByAppArmor = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns";
    private static readonly string[] MounterDirectories = ["/usr/bin", "/bin", "/usr/local/bin", "/usr/sbin"];

    /// <returns>Null when nothing speaks against it.</returns>
    public static string? WhyNoNamespace() =>
        WhyNoServer()
        ?? WhyNoDevice()
        ?? (Setting(MostNamespaces) == "0" ? "user namespaces are switched off (user.max_user_namespaces is 0)" : null)
        ?? (
            Setting(NamespacesForUsers) == "0" && ProcessImage.UserId != 0
                ? "user namespaces are for root only (kernel.unprivileged_userns_clone is 0)"
                : null
        );

    /// <param name="program">Where it is.</param>
    /// <inheritdoc cref="WhyNoNamespace"/>
    public static string? WhyNoFuserMount(out string program)
    {
        program =
            MounterDirectories.Select(directory => $"{directory}/fusermount3").FirstOrDefault(ProcessImage.IsExecutable)
            ?? "";
        if (program.Length == 0)
        {
            return "there is no fusermount3";
        }
        return WhyNoServer()
            ?? (FileTree.Exists(FuseDevice.DevicePath) ? null : $"there is no {FuseDevice.DevicePath}")
            ?? (
                Processes.HasNoNewPrivileges
                    ? "fusermount3 needs its privileges, and processes here get none (no_new_privs)"
                    : null
            );
    }

    /// <summary>What is known to refuse namespaces here, to be named where one was refused: it lets some programs pass, so that all may try.</summary>
    /// <returns>Null when nothing is.</returns>
    public static string? WhoRefusesNamespaces() =>
        Setting(RestrictedByAppArmor) == "1" && ProcessImage.UserId != 0
            ? "AppArmor restricts user namespaces: kernel.apparmor_restrict_unprivileged_userns is 1"
            : null;

    private static string? WhyNoDevice() =>
        !FileTree.Exists(FuseDevice.DevicePath) ? $"there is no {FuseDevice.DevicePath}"
        : ProcessImage.MayReadAndWrite(FuseDevice.DevicePath) ? null
        : $"this user may not use {FuseDevice.DevicePath}";

    // Compiled just in time, the program is a library that another one has loaded.
    private static string? WhyNoServer() =>
        RuntimeFeature.IsDynamicCodeSupported ? "only published executables can start themselves as a server" : null;

    private static string? Setting(string path) => FileTree.FileExists(path) ? SmallFiles.Read(path)?.Trim() : null;
}
