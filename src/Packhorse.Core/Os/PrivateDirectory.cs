using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Packhorse.Model;
using Packhorse.Os.Interop;

namespace Packhorse.Os;

/// <summary>A directory that nobody but this user can put anything into, also where everybody may make names, as in /tmp.</summary>
[SupportedOSPlatform("linux")]
public static unsafe class PrivateDirectory
{
    private const uint OwnerOnly = 0x1C0; // 0700
    private const uint WritableByOthers = 0x12; // 0022

    /// <summary>Creates it with mode 0700, or checks the one that is there.</summary>
    /// <param name="path">Its parent must exist.</param>
    /// <exception cref="SystemRefusedException">What is there is no directory, belongs to another user, or others may write to it.</exception>
    public static void Create(string path)
    {
        int fd;
        fixed (byte* name = NativePath.Encode(path, stackalloc byte[NativePath.ScratchBytes]))
        {
            if (
                LibC.mkdirat(LibC.AT_FDCWD, name, OwnerOnly) != 0
                && Marshal.GetLastPInvokeError() is not SystemErrors.EEXIST and var errno
            )
            {
                throw SystemErrors.FromErrno(errno, "create the directory", path);
            }
            fd = LibC.openat(
                LibC.AT_FDCWD,
                name,
                LibC.O_RDONLY | LibC.O_DIRECTORY | LibC.O_NOFOLLOW | LibC.O_CLOEXEC,
                0
            );
        }
        if (fd < 0)
        {
            throw SystemErrors.LastError("open the directory", path);
        }
        try
        {
            (uint mode, uint owner) = LibC.ModeAndOwner(fd);
            if (owner != ProcessImage.UserId || (mode & WritableByOthers) != 0)
            {
                throw new SystemRefusedException(
                    ErrorCodes.NotPrivate,
                    owner != ProcessImage.UserId
                        ? $"the directory {EntryPath.Quote(path)} belongs to another user (number {owner})"
                        : $"other users may write to the directory {EntryPath.Quote(path)}"
                )
                {
                    Hint = "choose another directory",
                };
            }
        }
        finally
        {
            _ = LibC.close(fd);
        }
    }
}
