using Packhorse.Os.Interop;

namespace Packhorse.Os;

/// <summary>What a file system has left for this user.</summary>
/// <param name="Bytes">Free bytes.</param>
/// <param name="Files">Files and directories that can still be made; null where the file system has no such limit or does not tell.</param>
/// <param name="BlockBytes">Files take whole blocks of so many bytes.</param>
public readonly record struct FreeSpace(long Bytes, long? Files, int BlockBytes)
{
    /// <param name="path">A directory; where it does not exist yet, its nearest parent that does is asked.</param>
    /// <returns>Null where the system does not tell.</returns>
    public static FreeSpace? Of(string path)
    {
        string existing = Path.GetFullPath(path);
        while (!Directory.Exists(existing) && Path.GetDirectoryName(existing) is { } parent)
        {
            existing = parent;
        }
        if (OperatingSystem.IsLinux())
        {
            return OfLinux(existing);
        }
        try
        {
            return new FreeSpace(new DriveInfo(existing).AvailableFreeSpace, null, 4096);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    private static unsafe FreeSpace? OfLinux(string path)
    {
        // f_bsize, f_frsize, f_blocks, f_bfree, f_bavail, f_files, f_ffree, f_favail, and room for the rest.
        ulong* answer = stackalloc ulong[32];
        fixed (byte* name = NativePath.Encode(path, stackalloc byte[NativePath.ScratchBytes]))
        {
            if (LibC.statvfs(name, answer) != 0)
            {
                return null;
            }
        }
        ulong block = Math.Clamp(answer[1], 1, 1 << 20);
        ulong bytes = Math.Min(answer[4], (ulong)long.MaxValue / block) * block;
        // btrfs and others make inodes as they are needed and report none.
        long? files = answer[5] == 0 ? null : (long)Math.Min(answer[7], long.MaxValue);
        return new FreeSpace((long)bytes, files, (int)block);
    }
}
