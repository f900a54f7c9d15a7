using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Packhorse.Model;
using Packhorse.Os.Interop;

namespace Packhorse.Os;

/// <summary>
/// A lock between processes by a file of a documented name, which is removed when the lock is given back. Processes that die give it
/// back too; on a network file system it holds as far as that file system's flock does.
/// </summary>
[SupportedOSPlatform("linux")]
public sealed unsafe class DirectoryLock : IDisposable
{
    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(100);

    private readonly string _path;
    private int _fd;

    private DirectoryLock(string path, int fd)
    {
        _path = path;
        _fd = fd;
    }

    /// <param name="path">The lock file.</param>
    /// <param name="wait">Wait for another process instead of failing.</param>
    /// <param name="waiting">Called once before waiting.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="TransientException">Another process holds the lock and <paramref name="wait"/> is false.</exception>
    public static DirectoryLock Take(string path, bool wait, Action waiting, CancellationToken cancellation)
    {
        bool told = false;
        while (true)
        {
            int fd = OpenFile(path);
            if (LibC.flock(fd, LibC.LOCK_EX | LibC.LOCK_NB) != 0)
            {
                int errno = Marshal.GetLastPInvokeError();
                _ = LibC.close(fd);
                if (errno == SystemErrors.EINTR)
                {
                    continue;
                }
                if (errno != SystemErrors.EAGAIN || !wait)
                {
                    throw SystemErrors.FromErrno(errno, "lock", path);
                }
                if (!told)
                {
                    waiting();
                    told = true;
                }
                // A flock that blocks would not notice that the process is interrupted.
                cancellation.WaitHandle.WaitOne(BetweenTries);
                cancellation.ThrowIfCancellationRequested();
                continue;
            }
            // Whoever held the lock removed the file: then this is a lock on a file without a name, and worth nothing.
            if (IsStill(fd))
            {
                return new DirectoryLock(path, fd);
            }
            _ = LibC.close(fd);
        }
    }

    public void Dispose()
    {
        int fd = Interlocked.Exchange(ref _fd, -1);
        if (fd >= 0)
        {
            try
            {
                File.Delete(_path);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // An empty lock file that nobody holds does no harm.
            }
            _ = LibC.close(fd);
        }
    }

    private static int OpenFile(string path)
    {
        const int Flags = LibC.O_RDWR | LibC.O_CREAT | LibC.O_CLOEXEC;
        fixed (byte* name = NativePath.Encode(path, stackalloc byte[NativePath.ScratchBytes]))
        {
            int fd = LibC.openat(LibC.AT_FDCWD, name, Flags | LibC.O_NOFOLLOW, 0x1A4);
            return fd >= 0 ? fd : throw SystemErrors.LastError("create the lock", path);
        }
    }

    // /proc names the open file and says so when the name is gone.
    private static bool IsStill(int fd) =>
        new FileInfo($"/proc/self/fd/{fd}").LinkTarget?.EndsWith(" (deleted)", StringComparison.Ordinal) != true;
}
