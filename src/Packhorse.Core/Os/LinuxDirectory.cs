using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Packhorse.Model;
using Packhorse.Os.Interop;

namespace Packhorse.Os;

/// <summary>
/// An open directory, and what is below it by relative path. Everything goes through the descriptor, so that renaming the directory
/// meanwhile does no harm; only the last component of a path is protected against symbolic links, so callers make sure that the
/// directories before it are their own. Thread-safe.
/// </summary>
[SupportedOSPlatform("linux")]
public sealed unsafe class LinuxDirectory : IDisposable
{
    private const long NanosecondsNow = (1L << 30) - 1; // UTIME_NOW
    private const uint AllPermissions = 0x1FF;

    private int _fd;

    private LinuxDirectory(int fd, string path)
    {
        _fd = fd;
        Path = path;
    }

    public string Path { get; }

    public static LinuxDirectory Open(string path)
    {
        fixed (byte* name = NativePath.Encode(path, stackalloc byte[NativePath.ScratchBytes]))
        {
            int fd = LibC.openat(LibC.AT_FDCWD, name, LibC.O_RDONLY | LibC.O_DIRECTORY | LibC.O_CLOEXEC, 0);
            return fd >= 0 ? new LinuxDirectory(fd, path) : throw SystemErrors.LastError("open the directory", path);
        }
    }

    /// <summary>Creates one directory, mode 0777 narrowed by the umask.</summary>
    /// <returns>False when something of that name is there already.</returns>
    public bool TryCreateDirectory(string relative)
    {
        fixed (byte* name = NativePath.Encode(relative, stackalloc byte[NativePath.ScratchBytes]))
        {
            if (LibC.mkdirat(_fd, name, AllPermissions) == 0)
            {
                return true;
            }
        }
        return Marshal.GetLastPInvokeError() == SystemErrors.EEXIST
            ? false
            : throw SystemErrors.LastError("create the directory", Join(relative));
    }

    /// <summary>Creates a new file for writing; its name must be free.</summary>
    /// <param name="mode">The permissions it gets exactly, whatever the umask.</param>
    public LinuxFile CreateFile(string relative, UnixFileMode mode)
    {
        const int Flags = LibC.O_WRONLY | LibC.O_CREAT | LibC.O_EXCL | LibC.O_CLOEXEC;
        int fd;
        fixed (byte* name = NativePath.Encode(relative, stackalloc byte[NativePath.ScratchBytes]))
        {
            fd = LibC.openat(_fd, name, Flags | LibC.O_NOFOLLOW, (uint)mode);
        }
        if (fd < 0)
        {
            throw SystemErrors.LastError("create", Join(relative));
        }
        var file = new LinuxFile(fd, this, relative);
        if ((mode & FilePermissions.Umask) != 0)
        {
            file.SetMode(mode);
        }
        return file;
    }

    /// <summary>Opens a file that exists, to overwrite parts of it.</summary>
    public LinuxFile OpenFile(string relative)
    {
        int fd;
        fixed (byte* name = NativePath.Encode(relative, stackalloc byte[NativePath.ScratchBytes]))
        {
            fd = LibC.openat(_fd, name, LibC.O_WRONLY | LibC.O_CLOEXEC | LibC.O_NOFOLLOW, 0);
        }
        return fd < 0 ? throw SystemErrors.LastError("open", Join(relative)) : new LinuxFile(fd, this, relative);
    }

    /// <param name="modified">Seconds since 1970, or null for now.</param>
    public void CreateSymbolicLink(string relative, string target, long? modified)
    {
        fixed (byte* text = NativePath.Encode(target, stackalloc byte[NativePath.ScratchBytes]))
        fixed (byte* name = NativePath.Encode(relative, stackalloc byte[NativePath.ScratchBytes]))
        {
            if (LibC.symlinkat(text, _fd, name) != 0)
            {
                throw SystemErrors.LastError("create the symbolic link", Join(relative));
            }
            if (modified is { } seconds)
            {
                // Best effort: some file systems keep no times for links.
                LibC.Timespec* times = stackalloc LibC.Timespec[2];
                SetTimes(times, seconds);
                _ = LibC.utimensat(_fd, name, times, LibC.AT_SYMLINK_NOFOLLOW);
            }
        }
    }

    /// <summary>Another name for the same file; the new name must be free.</summary>
    public void CreateHardLink(string existing, string relative)
    {
        fixed (byte* old = NativePath.Encode(existing, stackalloc byte[NativePath.ScratchBytes]))
        fixed (byte* name = NativePath.Encode(relative, stackalloc byte[NativePath.ScratchBytes]))
        {
            if (LibC.linkat(_fd, old, _fd, name, 0) != 0)
            {
                throw SystemErrors.LastError("create the link", Join(relative));
            }
        }
    }

    /// <summary>Gives a file another name of this directory, never over anything.</summary>
    /// <returns>False when something has that name.</returns>
    /// <exception cref="Model.PackhorseException">The file system can do it in neither of the two ways that leave no gap.</exception>
    public bool TryRenameNew(string from, string to)
    {
        fixed (byte* old = NativePath.Encode(from, stackalloc byte[NativePath.ScratchBytes]))
        fixed (byte* name = NativePath.Encode(to, stackalloc byte[NativePath.ScratchBytes]))
        {
            if (LibC.linkat(_fd, old, _fd, name, 0) == 0)
            {
                _ = LibC.unlinkat(_fd, old, 0);
                return true;
            }
            int errno = Marshal.GetLastPInvokeError();
            bool hasNoLinks =
                errno
                is SystemErrors.EPERM
                    or SystemErrors.EOPNOTSUPP
                    or SystemErrors.ENOSYS
                    or SystemErrors.EMLINK
                    or SystemErrors.EXDEV;
            if (hasNoLinks && LibC.SYS_renameat2 != 0)
            {
                if (LibC.syscall(LibC.SYS_renameat2, _fd, old, _fd, name, LibC.RENAME_NOREPLACE) == 0)
                {
                    return true;
                }
                errno = Marshal.GetLastPInvokeError();
                if (errno is SystemErrors.EINVAL or SystemErrors.ENOSYS)
                {
                    throw CannotPlace(errno, Join(to));
                }
            }
            return errno == SystemErrors.EEXIST ? false : throw SystemErrors.FromErrno(errno, "rename to", Join(to));
        }
    }

    private static SystemRefusedException CannotPlace(int errno, string path) =>
        new(
            ErrorCodes.SystemRefused,
            $"cannot create {EntryPath.Quote(path)}: its file system has no hard links and cannot rename without replacing"
        )
        {
            Errno = errno,
            Hint = "choose a directory on another file system: what is there could be replaced by mistake",
        };

    /// <summary>Renames within this directory, over whatever file has the new name.</summary>
    public void Rename(string from, string to)
    {
        fixed (byte* old = NativePath.Encode(from, stackalloc byte[NativePath.ScratchBytes]))
        fixed (byte* name = NativePath.Encode(to, stackalloc byte[NativePath.ScratchBytes]))
        {
            if (LibC.renameat(_fd, old, _fd, name) != 0)
            {
                throw SystemErrors.LastError("rename to", Join(to));
            }
        }
    }

    /// <returns>False when there was no such file; a directory is none.</returns>
    public bool Remove(string relative) =>
        Unlink(relative, 0, SystemErrors.ENOENT, SystemErrors.ENOTDIR, SystemErrors.EISDIR);

    /// <returns>False when there was no such directory or it is not empty.</returns>
    public bool RemoveEmptyDirectory(string relative) =>
        Unlink(
            relative,
            LibC.AT_REMOVEDIR,
            SystemErrors.ENOENT,
            SystemErrors.ENOTEMPTY,
            SystemErrors.EEXIST,
            SystemErrors.ENOTDIR
        );

    /// <summary>fsync of the directory itself.</summary>
    public void Flush() => _ = LibC.fsync(_fd);

    public void Dispose()
    {
        int fd = Interlocked.Exchange(ref _fd, -1);
        if (fd >= 0)
        {
            _ = LibC.close(fd);
        }
    }

    internal string Join(string relative) => System.IO.Path.Combine(Path, relative);

    internal static void SetTimes(LibC.Timespec* times, long modified)
    {
        times[0] = new LibC.Timespec { tv_sec = 0, tv_nsec = NanosecondsNow };
        times[1] = new LibC.Timespec { tv_sec = modified, tv_nsec = 0 };
    }

    private bool Unlink(string relative, int flags, params ReadOnlySpan<int> harmless)
    {
        fixed (byte* name = NativePath.Encode(relative, stackalloc byte[NativePath.ScratchBytes]))
        {
            if (LibC.unlinkat(_fd, name, flags) == 0)
            {
                return true;
            }
        }
        int errno = Marshal.GetLastPInvokeError();
        return harmless.Contains(errno) ? false : throw SystemErrors.FromErrno(errno, "remove", Join(relative));
    }
}
