using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Packhorse.Os.Interop;

/// <summary>Processes, namespaces, capabilities, signals and mounts.</summary>
internal static unsafe partial class LibC
{
    public const int SIGKILL = 9;
    public const int SIGCHLD = 17;
    public const int SIGCONT = 18;
    public const int SIGSTOP = 19;

    public const long CLONE_NEWNS = 0x20000;
    public const long CLONE_NEWUSER = 0x10000000;

    public const int PR_SET_PDEATHSIG = 1;
    public const int PR_SET_DUMPABLE = 4;
    public const int PR_CAP_AMBIENT = 47;
    public const int PR_CAP_AMBIENT_RAISE = 2;
    public const int PR_CAP_AMBIENT_CLEAR_ALL = 4;

    public const int CAP_DAC_OVERRIDE = 1;
    public const int CAP_FOWNER = 3;
    public const int CAP_SYS_ADMIN = 21;
    public const uint LINUX_CAPABILITY_VERSION_3 = 0x20080522;

    public const ulong MS_RDONLY = 1;
    public const ulong MS_NOSUID = 2;
    public const ulong MS_NODEV = 4;
    public const ulong MS_REMOUNT = 0x20;
    public const ulong MS_REC = 0x4000;
    public const ulong MS_BIND = 0x1000;
    public const ulong MS_SLAVE = 0x80000;
    public const int MNT_DETACH = 2;

    public const int CLONE_FILES = 0x400;

    public const int WNOHANG = 1;
    public const int WUNTRACED = 2;

    public const int SIG_BLOCK = 0;
    public const int SIG_SETMASK = 2;

    public const int F_SETFD = 2;
    public const int F_DUPFD_CLOEXEC = 1030;

    public const int SFD_CLOEXEC = O_CLOEXEC;
    public const int SFD_NONBLOCK = O_NONBLOCK;

    /// <summary>Numbers of system calls that C libraries have no function for, or none that a new process may call.</summary>
    public static class Number
    {
        public static readonly long Clone = Of(56, 220);
        public static readonly long Execve = Of(59, 221);
        public static readonly long ExitGroup = Of(231, 94);
        public static readonly long Write = Of(1, 64);
        public static readonly long Fcntl = Of(72, 25);
        public static readonly long Chdir = Of(80, 49);
        public static readonly long Setsid = Of(112, 157);
        public static readonly long Getppid = Of(110, 173);
        public static readonly long Getpid = Of(39, 172);
        public static readonly long Capset = Of(126, 91);
        public static readonly long Prctl = Of(157, 167);
        public static readonly long RtSigprocmask = Of(14, 135);
        public static readonly long Setns = Of(308, 268);
        public static readonly long Openat = Of(257, 56);
        public static readonly long Close = Of(3, 57);
        public static readonly long CloseRange = 436;

        private static long Of(long x64, long arm64) =>
            RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? arm64 : x64;
    }

    /// <summary>
    /// A system call that leaves the thread as it is for the garbage collector: all that a forked copy of this process, in which the
    /// other threads do not exist, may do.
    /// </summary>
    [LibraryImport("libc", EntryPoint = "syscall")]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvSuppressGCTransition)])]
    public static partial long DirectCall(long number, nint a, nint b, nint c, nint d, nint e);

    [StructLayout(LayoutKind.Sequential)]
    public struct CapabilityHeader
    {
        public uint version;
        public int pid;
    }

    /// <summary>Two of these: capabilities 0 to 31, then the others.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct CapabilityData
    {
        public uint effective;
        public uint permitted;
        public uint inheritable;
    }

    /// <summary>struct signalfd_siginfo (linux/signalfd.h).</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    public struct SignalInfo
    {
        [FieldOffset(0)]
        public uint ssi_signo;

        [FieldOffset(8)]
        public int ssi_code;

        [FieldOffset(12)]
        public uint ssi_pid;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct IoVector
    {
        public void* iov_base;
        public nuint iov_len;
    }

    [LibraryImport("libc", SetLastError = true)]
    public static partial int prctl(int option, nint a, nint b, nint c, nint d);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    public static partial long syscall(long number, nint a, nint b, nint c, nint d);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int mount(byte* source, byte* target, byte* type, ulong flags, byte* data);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int unshare(int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int umount2(byte* target, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int wait4(int pid, int* status, int options, void* usage);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int kill(int pid, int signal);

    [LibraryImport("libc")]
    public static partial int getpid();

    [LibraryImport("libc")]
    public static partial int getppid();

    [LibraryImport("libc")]
    public static partial uint getegid();

    [LibraryImport("libc")]
    public static partial int setsid();

    [LibraryImport("libc", SetLastError = true)]
    public static partial int chdir(byte* path);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int pipe2(int* descriptors, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int dup2(int fd, int wanted);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int ioctl(int fd, nuint request, void* argument);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint writev(int fd, IoVector* vectors, int count);

    /// <param name="mask">The C library's sigset_t: 128 bytes, the first eight of which the kernel looks at.</param>
    [LibraryImport("libc", SetLastError = true)]
    public static partial int signalfd(int fd, byte* mask, int flags);

    [LibraryImport("libc")]
    public static partial void _exit(int code);
}
