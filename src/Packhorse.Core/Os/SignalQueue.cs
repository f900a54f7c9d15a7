using System.Runtime.Versioning;
using Packhorse.Os.Interop;

namespace Packhorse.Os;

/// <summary>A signal that came to this process.</summary>
/// <param name="Number">Of Linux.</param>
/// <param name="Sender">The process that sent it by <c>kill</c>; 0 for one of another pid namespace; null when the kernel did (a terminal).</param>
public readonly record struct Signal(int Number, int? Sender)
{
    public const int ChildChanged = LibC.SIGCHLD;
    public const int Continue = LibC.SIGCONT;
}

/// <summary>
/// Signals as a queue that a thread reads, instead of interruptions. They must be blocked in every thread of the process: that is so
/// when they were blocked before its program began.
/// </summary>
[SupportedOSPlatform("linux")]
public sealed unsafe class SignalQueue : IDisposable
{
    // Linux numbers signals from 1; SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGKILL, SIGSEGV, SIGSTOP and SIGSYS are the process's own
    // affair; from 32 on they are real-time ones, of which C libraries and .NET use the first few.
    private const ulong OwnAffair =
        (1UL << (4 - 1))
        | (1UL << (5 - 1))
        | (1UL << (6 - 1))
        | (1UL << (7 - 1))
        | (1UL << (8 - 1))
        | (1UL << (9 - 1))
        | (1UL << (11 - 1))
        | (1UL << (19 - 1))
        | (1UL << (31 - 1))
        | (0xFFUL << (32 - 1));
    private const int SentByKill = 0; // SI_USER
    private const int SentByQueue = -1; // SI_QUEUE
    private const int SentToThread = -6; // SI_TKILL

    /// <summary>All that a process in the place of another should pass on, and news of children.</summary>
    public const ulong Watched = ~OwnAffair;

    private readonly Descriptor _descriptor;

    private SignalQueue(Descriptor descriptor) => _descriptor = descriptor;

    public int Number => _descriptor.Number;

    public static SignalQueue Open()
    {
        byte* mask = stackalloc byte[128];
        new Span<byte>(mask, 128).Clear();
        *(ulong*)mask = Watched;
        int fd = LibC.signalfd(-1, mask, LibC.SFD_CLOEXEC | LibC.SFD_NONBLOCK);
        return fd >= 0
            ? new SignalQueue(new Descriptor(fd))
            : throw SystemErrors.LastError("watch", "the signals of this process");
    }

    /// <summary>Blocks the watched signals in this thread, and in the program that the process becomes.</summary>
    /// <returns>What was blocked before.</returns>
    public static ulong Block()
    {
        ulong wanted = Watched;
        ulong before = 0;
        _ = LibC.syscall(LibC.Number.RtSigprocmask, LibC.SIG_BLOCK, (nint)(&wanted), (nint)(&before), sizeof(ulong));
        return before;
    }

    /// <summary>Sets what is blocked in this thread, as <see cref="Block"/> has given it.</summary>
    public static void Restore(ulong mask) =>
        _ = LibC.syscall(LibC.Number.RtSigprocmask, LibC.SIG_SETMASK, (nint)(&mask), 0, sizeof(ulong));

    /// <returns>Null when there is none.</returns>
    public Signal? Next()
    {
        LibC.SignalInfo info;
        nint count = LibC.read(_descriptor.Number, (byte*)&info, (nuint)sizeof(LibC.SignalInfo));
        if (count != sizeof(LibC.SignalInfo))
        {
            return null;
        }
        bool sent = info.ssi_code is SentByKill or SentByQueue or SentToThread;
        return new Signal((int)info.ssi_signo, sent ? (int)info.ssi_pid : null);
    }

    public void Dispose() => _descriptor.Dispose();
}
