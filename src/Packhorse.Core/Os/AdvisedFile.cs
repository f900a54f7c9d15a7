using System.Runtime.Versioning;
using Packhorse.Model;
using Packhorse.Os.Interop;

namespace Packhorse.Os;

/// <summary>A file whose content the kernel is asked to have ready; nothing of it comes into this process.</summary>
[SupportedOSPlatform("linux")]
public sealed class AdvisedFile : IDisposable
{
    /// <summary>
    /// Of more than the device's read_ahead_kb, which is 128 where nobody has set it, the kernel takes that much and no more. Blocks of an
    /// image have the same size.
    /// </summary>
    public const long WindowBytes = 128 << 10;

    private readonly Descriptor _descriptor;

    private AdvisedFile(Descriptor descriptor) => _descriptor = descriptor;

    /// <returns>Null when it cannot be opened.</returns>
    public static AdvisedFile? TryOpen(string path)
    {
        try
        {
            // What is no file, or leads elsewhere, is nothing to wait for.
            return new AdvisedFile(Descriptor.Open(path, LibC.O_RDONLY | LibC.O_NONBLOCK | LibC.O_NOFOLLOW));
        }
        catch (PackhorseException)
        {
            return null;
        }
    }

    /// <summary>A part will be needed: posix_fadvise(POSIX_FADV_WILLNEED), which does not wait for it.</summary>
    public void WillNeed(long offset, long length) => WillNeed(_descriptor.Number, offset, length);

    /// <inheritdoc cref="WillNeed(long, long)"/>
    public static void WillNeed(InputFile file, long offset, long length) => WillNeed(file.Descriptor, offset, length);

    public void Dispose() => _descriptor.Dispose();

    private static void WillNeed(int descriptor, long offset, long length)
    {
        long end = offset + length;
        for (long at = offset / WindowBytes * WindowBytes; at < end; at += WindowBytes)
        {
            _ = LibC.posix_fadvise(descriptor, at, WindowBytes, LibC.POSIX_FADV_WILLNEED);
        }
    }
}
