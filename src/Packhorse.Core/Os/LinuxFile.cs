using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Packhorse.Os.Interop;

namespace Packhorse.Os;

/// <summary>A new file being written from its beginning to its end, by one thread.</summary>
[SupportedOSPlatform("linux")]
public sealed unsafe class LinuxFile : IDisposable
{
    private readonly LinuxDirectory _directory;
    private readonly string _relative;
    private int _fd;

    internal LinuxFile(int fd, LinuxDirectory directory, string relative)
    {
        _fd = fd;
        _directory = directory;
        _relative = relative;
    }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            int done = 0;
            while (done < bytes.Length)
            {
                nint count = LibC.write(_fd, start + done, (nuint)(bytes.Length - done));
                if (count < 0)
                {
                    if (Marshal.GetLastPInvokeError() == SystemErrors.EINTR)
                    {
                        continue;
                    }
                    throw SystemErrors.LastError("write", _directory.Join(_relative));
                }
                done += (int)count;
            }
        }
    }

    /// <summary>Overwrites bytes in the middle.</summary>
    public void WriteAt(ReadOnlySpan<byte> bytes, long offset)
    {
        fixed (byte* start = bytes)
        {
            int done = 0;
            while (done < bytes.Length)
            {
                nint count = LibC.pwrite(_fd, start + done, (nuint)(bytes.Length - done), offset + done);
                if (count >= 0)
                {
                    done += (int)count;
                }
                else if (Marshal.GetLastPInvokeError() != SystemErrors.EINTR)
                {
                    throw SystemErrors.LastError("write", _directory.Join(_relative));
                }
            }
        }
    }

    /// <param name="modified">Seconds since 1970.</param>
    public void SetModified(long modified)
    {
        LibC.Timespec* times = stackalloc LibC.Timespec[2];
        LinuxDirectory.SetTimes(times, modified);
        _ = LibC.futimens(_fd, times);
    }

    internal void SetMode(UnixFileMode mode)
    {
        if (LibC.fchmod(_fd, (uint)mode) != 0)
        {
            throw SystemErrors.LastError("set the permissions of", _directory.Join(_relative));
        }
    }

    public void Dispose()
    {
        int fd = Interlocked.Exchange(ref _fd, -1);
        // Errors of delayed writes (NFS, quotas) come out here, and a file that lost bytes must not count as written.
        if (fd >= 0 && LibC.close(fd) != 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            if (errno != SystemErrors.EINTR)
            {
                throw SystemErrors.FromErrno(errno, "write", _directory.Join(_relative));
            }
        }
    }
}
