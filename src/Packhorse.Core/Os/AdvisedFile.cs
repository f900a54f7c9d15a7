using System.Runtime.Versioning;
using Packhorse.Model;
using Packhorse.Os.Interop;

namespace Packhorse.Os;

/// <summary>A file whose content the kernel is asked to have ready; nothing of it comes into this process.</summary>
[SupportedOSPlatform("linux")]
public sealed class AdvisedFile : IDisposable
{
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
    public void WillNeed(long offset, long length) =>
        _ = LibC.posix_fadvise(_descriptor.Number, offset, length, LibC.POSIX_FADV_WILLNEED);

    public void Dispose() => _descriptor.Dispose();
}
