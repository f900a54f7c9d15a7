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
                FileTree.CreateDirectory(request.Prefix);
                if (request.Changes is not null)
                {
                    FileTree.CreateDirectory(Unchanged(request));
                }
                Mounts.Seal(covered);
            }
            Mounts.Serve(device, request.Changes is null ? request.Prefix : Unchanged(request));
            return new MountPoint(request, device, null);
        }
        catch (PackhorseException)
        {
            device.Dispose();
            throw;
        }
    }

    /// <summary>What needs a server that answers: a layer for changes over the environment.</summary>
    public void Complete()
    {
        if (_request.Changes is { } changes)
        {
            string upper = Path.Combine(changes, "changes");
            string work = Path.Combine(changes, "work");
            FileTree.CreateDirectory(upper);
            FileTree.CreateDirectory(work);
            Mounts.Overlay(Unchanged(_request), upper, work, _request.Prefix);
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
}
