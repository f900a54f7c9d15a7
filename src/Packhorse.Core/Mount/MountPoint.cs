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
            if (request.Covered is { } covered)
            {
                Mounts.Cover(covered);
                foreach (string directory in (string[])[request.Prefix, Unchanged(request), Nothing(request)])
                {
                    FileTree.CreateDirectory(directory);
                }
                Mounts.Seal(covered);
            }
            Mounts.Serve(device, request.Covered is null ? request.Prefix : Unchanged(request));
            return new MountPoint(request, device, null);
        }
        catch (PackhorseException)
        {
            device.Dispose();
            throw;
        }
    }

    /// <summary>What needs a server that answers: the layer over the environment that the command sees.</summary>
    public void Complete()
    {
        if (_request.Covered is null)
        {
            return;
        }
        if (_request.Changes is { } changes)
        {
            string upper = Path.Combine(changes, "changes");
            string work = Path.Combine(changes, "work");
            FileTree.CreateDirectory(upper);
            FileTree.CreateDirectory(work);
            Mounts.Overlay(Unchanged(_request), upper, work, _request.Prefix);
            return;
        }
        try
        {
            // The kernel itself answers for a layer what programs ask of every file, and file systems in user space do not know:
            // Python's "is this a terminal?" when it opens one.
            Mounts.Overlay(Unchanged(_request), Nothing(_request), _request.Prefix);
        }
        catch (PackhorseException)
        {
            // Kernels before 5.11 let nobody do that but the administrator.
            Mounts.Bind(Unchanged(_request), _request.Prefix);
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

    // Beside the prefix: BASE/p/HEX becomes BASE/p/HEX.image.
    private static string Unchanged(MountRequest request) => request.Prefix + ".image";

    // An overlay that nobody writes to has two layers at least.
    private static string Nothing(MountRequest request) => request.Prefix + ".empty";
}
