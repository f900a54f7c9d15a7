using System.Runtime.ExceptionServices;
using System.Runtime.Versioning;
using Packhorse.Model;
using Packhorse.Os.Interop;

namespace Packhorse.Os;

/// <summary>
/// Calls of the system that wait for an answer which this very process gives by a device. Where the process is killed before it has
/// answered, the kernel closes the device, which ends the waiting, only when nobody has it open any more; and a thread that waits still has
/// what its process has open.
/// </summary>
[SupportedOSPlatform("linux")]
public static class ThreadWithoutFiles
{
    private const int FirstFile = 3;

    // Where the kernel (before 5.9) closes one at a time only: a server has a few.
    private const int MostFiles = 1024;

    private const int StackBytes = 256 << 10;

    /// <summary>Runs an action in a thread that has only the standard descriptors, and waits for it. It must not open or close anything.</summary>
    /// <exception cref="PackhorseException">There is no such thread, or the action's.</exception>
    public static void Run(Action action)
    {
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(
            () =>
            {
                try
                {
                    LeaveFiles();
                    action();
                }
                catch (PackhorseException error)
                {
                    failure = ExceptionDispatchInfo.Capture(error);
                }
            },
            StackBytes
        )
        {
            IsBackground = true,
        };
        thread.Start();
        thread.Join();
        failure?.Throw();
    }

    // The other threads keep theirs.
    private static void LeaveFiles()
    {
        if (LibC.unshare(LibC.CLONE_FILES) != 0)
        {
            throw SystemErrors.LastError("start", "a thread without files");
        }
        if (LibC.syscall(LibC.Number.CloseRange, FirstFile, int.MaxValue, 0, 0) != 0)
        {
            for (int fd = FirstFile; fd < MostFiles; fd++)
            {
                _ = LibC.close(fd);
            }
        }
    }
}
