using System.Runtime.InteropServices;

namespace Packhorse.Os.Interop;

/// <summary>
/// Linux system calls through the C library, one signature each, with their native names. Constants are Linux's
/// (asm-generic/fcntl.h); those that differ by architecture are chosen at run time.
/// </summary>
internal static unsafe partial class LibC
{
    public const int AT_FDCWD = -100;
    public const int AT_SYMLINK_NOFOLLOW = 0x100;
    public const int AT_REMOVEDIR = 0x200;

    public const int O_RDONLY = 0;
    public const int O_WRONLY = 1;
    public const int O_RDWR = 2;
    public const int O_CREAT = 0x40;
    public const int O_EXCL = 0x80;
    public const int O_TRUNC = 0x200;
    public const int O_CLOEXEC = 0x80000;
    public const int O_PATH = 0x200000;

    public const int O_NONBLOCK = 0x800;
    public const int POSIX_FADV_WILLNEED = 3;

    public const int F_GETFD = 1;
    public const int FD_CLOEXEC = 1;
    public const int F_GETPIPE_SZ = 1032;

    public const short POLLIN = 1;
    public const short POLLOUT = 4;

    public const int RENAME_NOREPLACE = 1;
    public const int RENAME_EXCHANGE = 2;

    public const int PROT_READ = 1;
    public const int PROT_WRITE = 2;
    public const int MAP_PRIVATE = 2;
    public const int MAP_ANONYMOUS = 0x20;

    public const int R_OK = 4;
    public const int W_OK = 2;
    public const int X_OK = 1;

    public const int SIGPIPE = 13;
    public const nint SIG_DFL = 0;

    public const int LOCK_EX = 2;
    public const int LOCK_NB = 4;

    // asm-generic has 0x10000 and 0x20000; arm and arm64 swap them with O_DIRECT and O_LARGEFILE.
    public static readonly int O_DIRECTORY = IsArm ? 0x4000 : 0x10000;
    public static readonly int O_NOFOLLOW = IsArm ? 0x8000 : 0x20000;

    private static bool IsArm => RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm;

    [StructLayout(LayoutKind.Sequential)]
    public struct Timespec
    {
        public long tv_sec;
        public long tv_nsec;
    }

    [LibraryImport("libc", SetLastError = true)]
    public static partial int openat(int dirfd, byte* pathname, int flags, uint mode);

    [StructLayout(LayoutKind.Sequential)]
    public struct PollFd
    {
        public int fd;
        public short events;
        public short revents;
    }

    /// <summary>What is needed of struct statx (linux/stat.h); its layout is the same on every architecture.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    public struct Statx
    {
        [FieldOffset(28)]
        public ushort stx_mode;
    }

    /// <summary>Number of statx, which old C libraries have no function for; 0 where it is not known.</summary>
    public static readonly long SYS_statx = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 332,
        Architecture.Arm64 or Architecture.RiscV64 or Architecture.LoongArch64 => 291,
        Architecture.Ppc64le => 383,
        Architecture.S390x => 379,
        _ => 0,
    };

    [LibraryImport("libc", SetLastError = true)]
    public static partial long syscall(long number, long dirfd, byte* pathname, long flags, long mask, Statx* result);

    /// <summary>Number of renameat2, which old C libraries have no function for; 0 where it is not known.</summary>
    public static readonly long SYS_renameat2 = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 316,
        Architecture.Arm64 or Architecture.RiscV64 or Architecture.LoongArch64 => 276,
        Architecture.Ppc64le => 357,
        Architecture.S390x => 347,
        _ => 0,
    };

    [LibraryImport("libc", SetLastError = true)]
    public static partial long syscall(
        long number,
        long olddirfd,
        byte* oldpath,
        long newdirfd,
        byte* newpath,
        long flags
    );

    [LibraryImport("libc")]
    public static partial int posix_fadvise(int fd, long offset, long length, int advice);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int poll(PollFd* fds, nuint count, int milliseconds);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint read(int fd, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int setenv(string name, string value, int overwrite);

    // Variadic in C; on the architectures that we ship for an int is passed alike.
    [LibraryImport("libc", SetLastError = true)]
    public static partial int fcntl(int fd, int command, int argument);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint write(int fd, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint pwrite(int fd, byte* buffer, nuint count, long offset);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int mkdirat(int dirfd, byte* pathname, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int symlinkat(byte* target, int newdirfd, byte* linkpath);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int linkat(int olddirfd, byte* oldpath, int newdirfd, byte* newpath, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int unlinkat(int dirfd, byte* pathname, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int renameat(int olddirfd, byte* oldpath, int newdirfd, byte* newpath);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fchmod(int fd, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int futimens(int fd, Timespec* times);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int utimensat(int dirfd, byte* pathname, Timespec* times, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fsync(int fd);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint readlinkat(int dirfd, byte* pathname, byte* buffer, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int flock(int fd, int operation);

    /// <param name="buffer">struct statvfs: its first eight members are 8 bytes each on 64-bit Linux, glibc and musl alike.</param>
    [LibraryImport("libc", SetLastError = true)]
    public static partial int statvfs(byte* path, ulong* buffer);

    [LibraryImport("libc", SetLastError = true)]
    public static partial void* mmap(void* address, nuint length, int protection, int flags, int fd, long offset);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int munmap(void* address, nuint length);

    [LibraryImport("libc")]
    public static partial uint umask(uint mask);

    [LibraryImport("libc")]
    public static partial int isatty(int fd);

    [LibraryImport("libc")]
    public static partial uint geteuid();

    [LibraryImport("libc", SetLastError = true)]
    public static partial int faccessat(int dirfd, byte* pathname, int mode, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int execve(byte* pathname, byte** argv, byte** envp);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint signal(int signum, nint handler);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fstat(int fd, byte* status);

    /// <summary>st_mode and st_uid of an open file; fields of struct stat stand at other places on each architecture.</summary>
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public static (uint Mode, uint Owner) ModeAndOwner(int fd)
    {
        byte* status = stackalloc byte[256];
        if (fstat(fd, status) != 0)
        {
            throw SystemErrors.LastError("look at", $"descriptor {fd}");
        }
        int mode = IsArm ? 16 : 24;
        return (*(uint*)(status + mode), *(uint*)(status + (IsArm ? 24 : 28)));
    }
}
