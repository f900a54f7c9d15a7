using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Packhorse.Model;
using Packhorse.Os.Interop;

namespace Packhorse.Os;

/// <summary>
/// The three standard descriptors as they are: no encoding, no terminal, no buffering. For programs that have no use for the console
/// of the base class library, which takes longer to start than they do.
/// </summary>
[SupportedOSPlatform("linux")]
public static unsafe class StandardStreams
{
    /// <summary>
    /// Gives the standard descriptors that the caller closed something harmless to point to. Without it the next file opened would
    /// take the number, and messages would be written into it. To be called before anything is opened.
    /// </summary>
    public static void OpenMissing()
    {
        for (int fd = 0; fd <= 2; fd++)
        {
            if (LibC.fcntl(fd, LibC.F_GETFD, 0) < 0)
            {
                // The lowest free number is the one that is missing. A root without /dev has at least itself.
                if (OpenExact("/dev/null", LibC.O_RDWR) < 0)
                {
                    _ = OpenExact("/", LibC.O_RDONLY);
                }
            }
        }
    }

    /// <summary>Standard output.</summary>
    public static Stream OpenOutput() => new DescriptorStream(1, "standard output");

    /// <summary>Standard error; what cannot be written to it is lost.</summary>
    public static Stream OpenError() => new DescriptorStream(2, "standard error");

    /// <summary>True when the descriptor is a terminal.</summary>
    public static bool IsTerminal(int descriptor) => LibC.isatty(descriptor) == 1;

    private static int OpenExact(string path, int flags)
    {
        fixed (byte* name = NativePath.Encode(path, stackalloc byte[NativePath.ScratchBytes]))
        {
            return LibC.openat(LibC.AT_FDCWD, name, flags, 0);
        }
    }

    private sealed class DescriptorStream(int descriptor, string name) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        /// <exception cref="SystemRefusedException">Nobody reads any more, or the disk behind it is full.</exception>
        public override void Write(ReadOnlySpan<byte> buffer)
        {
            fixed (byte* start = buffer)
            {
                int done = 0;
                while (done < buffer.Length)
                {
                    nint count = LibC.write(descriptor, start + done, (nuint)(buffer.Length - done));
                    if (count >= 0)
                    {
                        done += (int)count;
                    }
                    else if (Marshal.GetLastPInvokeError() != SystemErrors.EINTR)
                    {
                        if (descriptor == 2)
                        {
                            return;
                        }
                        throw SystemErrors.LastError("write", name);
                    }
                }
            }
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Flush() { }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
