using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using Packhorse.Os.Interop;

namespace Packhorse.Os;

/// <summary>A number under which this process has something open. Closes it once.</summary>
[SupportedOSPlatform("linux")]
public sealed unsafe class Descriptor(int number) : IDisposable
{
    private int _number = number;

    /// <summary>-1 when it is closed.</summary>
    public int Number => _number;

    /// <summary>Opens what a path names, for reading; a link of <c>/proc/PID/ns</c> gives a namespace.</summary>
    public static Descriptor Open(string path) => Open(path, LibC.O_RDONLY);

    internal static Descriptor Open(string path, int flags)
    {
        fixed (byte* name = NativePath.Encode(path, stackalloc byte[NativePath.ScratchBytes]))
        {
            int fd = LibC.openat(LibC.AT_FDCWD, name, flags | LibC.O_CLOEXEC, 0);
            return fd >= 0 ? new Descriptor(fd) : throw SystemErrors.LastError("open", path);
        }
    }

    /// <summary>Whether the program that this process becomes has it too.</summary>
    public void KeepOnExecute(bool keep) => _ = LibC.fcntl(_number, LibC.F_SETFD, keep ? 0 : LibC.FD_CLOEXEC);

    /// <summary>Writes a text in one piece, as the files of <c>/proc</c> want it.</summary>
    /// <returns>0, or the error number.</returns>
    internal static int WriteText(string path, string text)
    {
        try
        {
            using Descriptor file = Open(path, LibC.O_WRONLY);
            byte[] bytes = Encoding.ASCII.GetBytes(text);
            fixed (byte* start = bytes)
            {
                return LibC.write(file.Number, start, (nuint)bytes.Length) == bytes.Length
                    ? 0
                    : Marshal.GetLastPInvokeError();
            }
        }
        catch (Model.PackhorseException error)
        {
            return error is Model.SystemRefusedException { Errno: > 0 and var errno } ? errno : SystemErrors.ENOENT;
        }
    }

    public void Dispose()
    {
        int number = Interlocked.Exchange(ref _number, -1);
        if (number >= 0)
        {
            _ = LibC.close(number);
        }
    }
}
