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

    /// <summary>True when the group or everybody may read or write a file. False where that cannot be told.</summary>
    public static bool IsOpenToOthers(string path)
    {
        const UnixFileMode others =
            UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        try
        {
            return !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & others) != 0;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Of a file; on Windows of any the same.</summary>
    internal static UnixFileMode Of(string path) =>
        OperatingSystem.IsWindows() ? ReadWrite : File.GetUnixFileMode(path);

    // Linux 4.7 and later.
    private const string Status = "/proc/self/status";

    private static UnixFileMode ReadUmask()
    {
        if (OperatingSystem.IsWindows())
        {
            return UnixFileMode.None;
        }
        // Setting it, even for an instant, would change the files that other threads are creating.
        foreach (string line in File.Exists(Status) ? File.ReadLines(Status) : [])
        {
            if (line.StartsWith("Umask:", StringComparison.Ordinal))
            {
                return (UnixFileMode)Convert.ToInt32(line["Umask:".Length..].Trim(), 8);
            }
        }
        uint mask = LibC.umask(0x3F);
        _ = LibC.umask(mask);
        return (UnixFileMode)mask;
    }
}
