using Packhorse.Os.Interop;

namespace Packhorse.Os;

/// <summary>Permission bits of files and directories.</summary>
public static class FilePermissions
{
    public const UnixFileMode OwnerReadWrite = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>0666, to be narrowed by the umask.</summary>
    public const UnixFileMode ReadWrite =
        OwnerReadWrite
        | UnixFileMode.GroupRead
        | UnixFileMode.GroupWrite
        | UnixFileMode.OtherRead
        | UnixFileMode.OtherWrite;

    /// <summary>0777, to be narrowed by the umask.</summary>
    public const UnixFileMode All =
        ReadWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>The process's umask, read once; 0 on Windows.</summary>
    public static UnixFileMode Umask { get; } = ReadUmask();

    private static UnixFileMode ReadUmask()
    {
        if (OperatingSystem.IsWindows())
        {
            return UnixFileMode.None;
        }
        // There is no call that only reads it. The type initializer runs once, before the workers start.
        uint mask = LibC.umask(0x3F);
        _ = LibC.umask(mask);
        return (UnixFileMode)mask;
    }
}
