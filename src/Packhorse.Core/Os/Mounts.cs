using System.Runtime.Versioning;
using System.Text;
using Packhorse.Model;
using Packhorse.Os.Interop;

namespace Packhorse.Os;

/// <summary>Mounts of this process's own mount namespace.</summary>
[SupportedOSPlatform("linux")]
public static unsafe class Mounts
{
    private const int OptionBytes = 4096;

    /// <summary>What is mounted outside from now on appears here too (autofs, /cvmfs), and nothing of ours appears outside.</summary>
    public static void KeepFromOthers() => Mount("none", "/", null, LibC.MS_REC | LibC.MS_SLAVE, null);

    /// <summary>Covers a directory by an empty file system in memory, for a few directories.</summary>
    public static void Cover(string directory) =>
        Mount("packhorse", directory, "tmpfs", LibC.MS_NOSUID | LibC.MS_NODEV, "mode=0755,size=64k,nr_inodes=16");

    /// <summary>Forbids any further change to what <see cref="Cover"/> mounted.</summary>
    public static void Seal(string directory) =>
        Mount(
            "packhorse",
            directory,
            null,
            LibC.MS_REMOUNT | LibC.MS_NOSUID | LibC.MS_NODEV | LibC.MS_RDONLY,
            "mode=0755,size=64k,nr_inodes=16"
        );

    /// <summary>Mounts what a server gives on a device. The kernel's first request waits on it afterwards.</summary>
    public static void Serve(FuseDevice device, string directory)
    {
        string options =
            $"fd={device.Descriptor},rootmode=40000,user_id={LibC.geteuid()},group_id={LibC.getegid()},default_permissions";
        Mount("packhorse", directory, "fuse.packhorse", LibC.MS_NOSUID | LibC.MS_NODEV | LibC.MS_RDONLY, options);
    }

    /// <summary>Lays a directory that can be written to over one that cannot. All of it is one device, as far as the kernel can do that.</summary>
    /// <param name="work">An empty directory of the kernel's own on the same file system as <paramref name="upper"/>.</param>
    public static void Overlay(string lower, string upper, string work, string directory)
    {
        string options = $"lowerdir={Escape(lower)},upperdir={Escape(upper)},workdir={Escape(work)},userxattr,xino=on";
        Mount("packhorse", directory, "overlay", LibC.MS_NOSUID | LibC.MS_NODEV, options);
    }

    /// <summary>Lays two directories over each other that cannot be written to. All of it is one device, with the inode numbers of the layers.</summary>
    /// <param name="above">What it has hides what is in <paramref name="below"/>.</param>
    public static void OverlayUnchangeable(string above, string below, string directory) =>
        Mount(
            "packhorse",
            directory,
            "overlay",
            LibC.MS_NOSUID | LibC.MS_NODEV | LibC.MS_RDONLY,
            $"lowerdir={Escape(above)}:{Escape(below)},userxattr,xino=on"
        );

    /// <summary>Shows a mounted directory at another place, too.</summary>
    public static void Bind(string there, string directory) => Mount(there, directory, null, LibC.MS_BIND, null);

    /// <summary>Takes the topmost mount at a directory away, for good as soon as nobody uses it.</summary>
    public static void Detach(string directory)
    {
        fixed (byte* target = NativePath.Encode(directory, stackalloc byte[NativePath.ScratchBytes]))
        {
            _ = LibC.umount2(target, LibC.MNT_DETACH);
        }
    }

    /// <summary>True when something is mounted at a directory, or below it; true also where the system does not tell.</summary>
    /// <param name="directory">Without symbolic links.</param>
    public static bool IsUsed(string directory)
    {
        try
        {
            foreach (string line in File.ReadLines("/proc/self/mountinfo"))
            {
                // "ID PARENT MAJOR:MINOR ROOT MOUNTPOINT OPTIONS …", with blanks as \040.
                string point = line.Split(' ', 6) is [_, _, _, _, var field, ..] ? Unescape(field) : "";
                if (point == directory || point.StartsWith(directory + "/", StringComparison.Ordinal))
                {
                    return true;
                }
            }
            return false;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    private static void Mount(string source, string directory, string? type, ulong flags, string? options)
    {
        // The kernel takes a page of them and leaves off the rest, in the middle of a path, too.
        if (options is not null && Encoding.UTF8.GetByteCount(options) >= OptionBytes)
        {
            throw SystemErrors.FromErrno(SystemErrors.ENAMETOOLONG, Operation(type, flags), directory);
        }
        fixed (byte* sourceBytes = NativePath.Encode(source, stackalloc byte[NativePath.ScratchBytes]))
        fixed (byte* target = NativePath.Encode(directory, stackalloc byte[NativePath.ScratchBytes]))
        fixed (byte* typeBytes = type is null ? null : Encoding.UTF8.GetBytes(type + '\0'))
        fixed (byte* data = options is null ? null : Encoding.UTF8.GetBytes(options + '\0'))
        {
            if (LibC.mount(sourceBytes, target, typeBytes, flags, data) != 0)
            {
                PackhorseException error = SystemErrors.LastError(Operation(type, flags), directory);
                throw error;
            }
        }
    }

    private static string Operation(string? type, ulong flags) =>
        type is not null ? $"mount {type} at"
        : (flags & LibC.MS_BIND) != 0 ? "bind the mount at"
        : "mount anew at";

    private static string Escape(string path) =>
        path.Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace(":", "\\:", StringComparison.Ordinal)
            .Replace(",", "\\,", StringComparison.Ordinal);

    private static string Unescape(string field) =>
        field
            .Replace("\\040", " ", StringComparison.Ordinal)
            .Replace("\\011", "\t", StringComparison.Ordinal)
            .Replace("\\012", "\n", StringComparison.Ordinal)
            .Replace("\\134", "\\", StringComparison.Ordinal);
}
