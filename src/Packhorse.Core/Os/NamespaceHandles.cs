using System.Runtime.Versioning;

namespace Packhorse.Os;

/// <summary>A user namespace and a mount namespace that a process can be started in.</summary>
[SupportedOSPlatform("linux")]
public sealed record NamespaceHandles(Descriptor UserSpace, Descriptor MountSpace) : IDisposable
{
    /// <summary>Those of a running process of this user.</summary>
    public static NamespaceHandles Of(int process)
    {
        Descriptor user = Descriptor.Open($"/proc/{process}/ns/user");
        try
        {
            return new NamespaceHandles(user, Descriptor.Open($"/proc/{process}/ns/mnt"));
        }
        catch (Model.PackhorseException)
        {
            user.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        UserSpace.Dispose();
        MountSpace.Dispose();
    }
}
