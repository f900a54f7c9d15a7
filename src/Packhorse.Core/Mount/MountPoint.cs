using System.Runtime.Versioning;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Mount;

/// <summary>The place in the file system where a device's tree appears.</summary>
[SupportedOSPlatform("linux")]
internal sealed class MountPoint : IDisposable
{
    private readonly MountRequest _request;
    private readonly FuserMount? _mounter;

    private MountPoint(MountRequest request, FuseDevice device, FuserMount? mounter) =>
        (_request, Device, _mounter) = (request, device, mounter);

    /// <summary>Owned by whoever serves.</summary>
    public FuseDevice Device { get; }

    /// <summary>Mounts. Only afterwards the kernel has requests.</summary>
    /// <exception cref="PackhorseException">The system does not let this user.</exception>
    public static MountPoint Make(MountRequest request)
    {
        if (request.Mounter is { } program)
        {
            FuserMount mounter = FuserMount.Mount(program, request.Prefix);
            return new MountPoint(request, mounter.Device, mounter);
        }
        // The kernel compares the user namespace in which the device was opened with the one in which it is mounted.
        FuseDevice device = FuseDevice.Open();
        try
        {
            Mounts.KeepFromOthers();
            string covered = request.Covered ?? request.Prefix;
            Mounts.Cover(covered);
            FileTree.CreateDirectory(Image(request));
            FileTree.CreateDirectory(Nothing(request));
            Mounts.Seal(covered);
            Mounts.Serve(device, Image(request));
            return new MountPoint(request, device, null);
        }
        catch (PackhorseException)
        {
            device.Dispose();
            throw;
        }
    }

    /// <summary>What needs a server that answers: the layer over the environment that the command sees.</summary>
    /// <returns>Why there is none; null when there is, or none is wanted.</returns>
    /// <exception cref="PackhorseException">The system does not let this user have a layer that can be changed.</exception>
    public string? Complete()
    {
        if (_mounter is not null)
        {
            return null;
        }
        if (_request.Changes is { } changes)
        {
            string upper = Path.Combine(changes, "changes");
            string work = Path.Combine(changes, "work");
            FileTree.CreateDirectory(upper);
            FileTree.CreateDirectory(work);
            ThreadWithoutFiles.Run(() => Mounts.Overlay(Image(_request), upper, work, _request.Prefix));
            return null;
        }
        try
        {
            // With a layer over it the kernel itself answers what programs ask of every file and a file system in user space is asked
            // again and again, as it cannot say "never": Python's "is this a terminal?" when it opens one.
            ThreadWithoutFiles.Run(() =>
                Mounts.OverlayUnchangeable(Image(_request), Nothing(_request), _request.Prefix)
            );
            return null;
        }
        catch (PackhorseException refused)
        {
            // As kernels before 5.11 do all but the administrator.
            Mounts.Bind(Image(_request), _request.Prefix);
            return $"without an overlay, slower: {refused.Message}";
        }
    }

    public void Dispose()
    {
        _mounter?.Dispose();
        if (_request.RemovesPrefix)
        {
            FileTree.RemoveEmptyDirectory(_request.Prefix);
        }
    }

    // Both are below the prefix, where the layer over them hides them.
    private static string Image(MountRequest request) => Path.Combine(request.Prefix, "image");

    // A layer that cannot be changed needs two below it.
    private static string Nothing(MountRequest request) => Path.Combine(request.Prefix, "empty");
}
