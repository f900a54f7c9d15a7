using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Packhorse.Model;
using Packhorse.Os.Interop;

namespace Packhorse.Os;

/// <summary>The descriptors 0, 1 and 2 as the process got them.</summary>
[SupportedOSPlatform("linux")]
public static class StandardDescriptors
{
    public const int Input = 0;
    public const int Output = 1;
    public const int Error = 2;

    /// <summary>
    /// False when the process was started without it. The number may be in use all the same, by something that the runtime opened for
    /// itself; that is closed on exec, which an inherited descriptor cannot be.
    /// </summary>
    public static bool IsInherited(int descriptor)
    {
        int flags = LibC.fcntl(descriptor, LibC.F_GETFD, 0);
        return flags >= 0 && (flags & LibC.FD_CLOEXEC) == 0;
    }

    internal static void Require(int descriptor, string name)
    {
        if (!IsInherited(descriptor))
        {
            throw new SystemRefusedException(ErrorCodes.SystemRefused, $"{name} is closed")
            {
                Errno = SystemErrors.EBADF,
            };
        }
    }
}

[SupportedOSPlatform("linux")]
internal static unsafe class Polling
{
    private const int Milliseconds = 100;

    public static void Wait(int fd, short events, CancellationToken interrupted)
    {
        LibC.PollFd waiting;
        do
        {
            interrupted.ThrowIfCancellationRequested();
            waiting = new LibC.PollFd { fd = fd, events = events };
        } while (LibC.poll(&waiting, 1, Milliseconds) == 0);
        // Whatever else it is, the read or write itself says it.
    }

    public static void ThrowUnlessTransient(string operation, string name)
    {
        int errno = Marshal.GetLastPInvokeError();
        if (errno is not (SystemErrors.EINTR or SystemErrors.EAGAIN))
        {
            throw SystemErrors.FromErrno(errno, operation, name);
        }
    }
}
