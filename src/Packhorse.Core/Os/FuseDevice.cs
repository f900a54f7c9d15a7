using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Packhorse.Os.Interop;

namespace Packhorse.Os;

/// <summary>
/// One end of the kernel's file system in user space: requests are read, answers written. Each thread should have one of its own, a
/// <see cref="Clone"/>, so that threads do not wait for each other.
/// </summary>
[SupportedOSPlatform("linux")]
public sealed unsafe class FuseDevice : IDisposable
{
    public const string DevicePath = "/dev/fuse";

    /// <summary>The kernel has no more requests: the file system is no longer mounted.</summary>
    public const int Ended = -1;

    /// <summary>A request went away before it was read; the next one may be read.</summary>
    public const int Nothing = 0;

    private const nuint FUSE_DEV_IOC_CLONE = 0x8004E500; // _IOR(229, 0, uint32_t)

    private readonly Descriptor _descriptor;

    /// <param name="descriptor">An open device; closed with this.</param>
    public FuseDevice(Descriptor descriptor) => _descriptor = descriptor;

    internal int Descriptor => _descriptor.Number;

    /// <summary>Opens the device for a new file system.</summary>
    public static FuseDevice Open() => new(Os.Descriptor.Open(DevicePath, LibC.O_RDWR));

    /// <returns>Another device for the same file system; null on kernels before 4.2, which have none.</returns>
    public FuseDevice? Clone()
    {
        FuseDevice other;
        try
        {
            other = Open();
        }
        catch (Model.PackhorseException)
        {
            // A device that came from a helper need not be one that this user can open.
            return null;
        }
        uint source = (uint)_descriptor.Number;
        if (LibC.ioctl(other.Descriptor, FUSE_DEV_IOC_CLONE, &source) == 0)
        {
            return other;
        }
        other.Dispose();
        return null;
    }

    /// <summary>Waits for a request.</summary>
    /// <returns>Its bytes, <see cref="Nothing"/> or <see cref="Ended"/>.</returns>
    public int Read(Span<byte> request)
    {
        fixed (byte* start = request)
        {
            nint count = LibC.read(_descriptor.Number, start, (nuint)request.Length);
            if (count > 0)
            {
                return (int)count;
            }
            // ENOENT: interrupted before it was read.
            return
                count < 0
                && Marshal.GetLastPInvokeError() is SystemErrors.EINTR or SystemErrors.EAGAIN or SystemErrors.ENOENT
                ? Nothing
                : Ended;
        }
    }

    /// <summary>Gives an answer, in one piece as the kernel wants it. That nobody waits for it any more is no error.</summary>
    public void Write(ReadOnlySpan<byte> answer)
    {
        fixed (byte* start = answer)
        {
            _ = LibC.write(_descriptor.Number, start, (nuint)answer.Length);
        }
    }

    public void Dispose() => _descriptor.Dispose();
}
