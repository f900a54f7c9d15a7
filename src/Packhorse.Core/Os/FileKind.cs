using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Packhorse.Os.Interop;

namespace Packhorse.Os;

/// <summary>What has a name in the file system, symbolic links followed.</summary>
public enum FileKind
{
    /// <summary>Nothing, or a link to nothing, or it cannot be looked at.</summary>
    None,
    File,
    Directory,

    /// <summary>A pipe, a device or a socket.</summary>
    Other,
}

internal static unsafe class FileKinds
{
    private const int TypeMask = 0xF000; // S_IFMT
    private const int Directory = 0x4000;
    private const int Regular = 0x8000;
    private const long TypeWanted = 1; // STATX_TYPE

    public static FileKind Of(string path)
    {
        if (OperatingSystem.IsLinux() && TryStatx(path, out FileKind kind))
        {
            return kind;
        }
        return System.IO.Directory.Exists(path) ? FileKind.Directory
            : File.Exists(path) ? FileKind.File
            : FileKind.None;
    }

    [SupportedOSPlatform("linux")]
    private static bool TryStatx(string path, out FileKind kind)
    {
        kind = FileKind.None;
        if (LibC.SYS_statx == 0)
        {
            return false;
        }
        LibC.Statx result;
        fixed (byte* name = NativePath.Encode(path, stackalloc byte[NativePath.ScratchBytes]))
        {
            if (LibC.syscall(LibC.SYS_statx, LibC.AT_FDCWD, name, 0, TypeWanted, &result) != 0)
            {
                // Kernels before 4.11, and filters that do not know the call, say ENOSYS or EPERM.
                return Marshal.GetLastPInvokeError() is SystemErrors.ENOENT or SystemErrors.ENOTDIR;
            }
        }
        kind = (result.stx_mode & TypeMask) switch
        {
            Regular => FileKind.File,
            Directory => FileKind.Directory,
            _ => FileKind.Other,
        };
        return true;
    }
}
