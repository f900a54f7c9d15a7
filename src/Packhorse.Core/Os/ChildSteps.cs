using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Packhorse.Os.Interop;

namespace Packhorse.Os;

internal enum ChildStep
{
    Execute,
    UserNamespace,
    MountNamespace,
    Directory,
    Capabilities,
}

/// <summary>
/// What a copy of this process does until it is another program. Of the copy's threads only the one that was copied exists, so that
/// nothing may be allocated and nothing called but the kernel.
/// </summary>
[SupportedOSPlatform("linux")]
internal unsafe struct ChildSteps
{
    private readonly int _userNamespace;
    private readonly int _mountNamespace;
    private readonly int _descriptor;
    private readonly int _otherDescriptor;
    private readonly bool _makesNamespaces;
    private readonly bool _ownSession;
    private readonly bool _endsWithParent;
    private readonly bool _setsMask;
    private readonly int _parent;
    private ulong _mask;
    private LibC.CapabilityHeader _capabilityHeader;
    private LibC.CapabilityData _lowCapabilities;
    private LibC.CapabilityData _highCapabilities;

    public byte* Program;
    public byte* Directory;
    public byte** Arguments;
    public byte** Environment;
    public int Report;

    public ChildSteps(ChildRequest request)
    {
        _userNamespace = request.Enters?.UserSpace.Number ?? -1;
        _mountNamespace = request.Enters?.MountSpace.Number ?? -1;
        _descriptor = request.Descriptor;
        _otherDescriptor = request.OtherDescriptor;
        _makesNamespaces = request.MakesNamespaces;
        _ownSession = request.OwnSession;
        _endsWithParent = request.EndsWithParent;
        _setsMask = request.SignalMask is not null;
        _mask = request.SignalMask ?? 0;
        _parent = LibC.getpid();
        _capabilityHeader.version = LibC.LINUX_CAPABILITY_VERSION_3;
        if (_makesNamespaces)
        {
            uint wanted = 1u << LibC.CAP_SYS_ADMIN;
            // An overlay's directory of work has no permissions at all, and is used with those of whoever mounted it.
            wanted |= request.OverridesPermissions ? (1u << LibC.CAP_DAC_OVERRIDE) | (1u << LibC.CAP_FOWNER) : 0;
            _lowCapabilities = new LibC.CapabilityData
            {
                effective = wanted,
                permitted = wanted,
                inheritable = wanted,
            };
        }
    }

    /// <returns>The process id of the copy, or -1 and the error number. Does not return in the copy.</returns>
    public static long Fork(ChildSteps* steps, out int errno)
    {
        // Looked up now: the copy could not.
        _ = LibC.DirectCall(LibC.Number.Getpid, 0, 0, 0, 0, 0);
        _ = Marshal.GetLastSystemError();
        nint flags = LibC.SIGCHLD;
        if (steps->_makesNamespaces)
        {
            flags |= (nint)(LibC.CLONE_NEWUSER | LibC.CLONE_NEWNS);
        }
        long process = LibC.DirectCall(LibC.Number.Clone, flags, 0, 0, 0, 0);
        if (process == 0)
        {
            Become(steps);
        }
        errno = process < 0 ? Marshal.GetLastSystemError() : 0;
        return process;
    }

    private static void Become(ChildSteps* steps)
    {
        if (steps->_ownSession)
        {
            _ = LibC.DirectCall(LibC.Number.Setsid, 0, 0, 0, 0, 0);
        }
        // The user namespace first: it gives the capability to enter the other.
        Enter(steps, steps->_userNamespace, (nint)LibC.CLONE_NEWUSER, ChildStep.UserNamespace);
        Enter(steps, steps->_mountNamespace, (nint)LibC.CLONE_NEWNS, ChildStep.MountNamespace);
        if (steps->Directory is not null)
        {
            Check(steps, LibC.DirectCall(LibC.Number.Chdir, (nint)steps->Directory, 0, 0, 0, 0), ChildStep.Directory);
        }
        SetCapabilities(steps);
        if (steps->_endsWithParent)
        {
            // Entering a namespace would have taken it back.
            _ = LibC.DirectCall(LibC.Number.Prctl, LibC.PR_SET_PDEATHSIG, LibC.SIGKILL, 0, 0, 0);
            if (LibC.DirectCall(LibC.Number.Getppid, 0, 0, 0, 0, 0) != steps->_parent)
            {
                Exit();
            }
        }
        Keep(steps->_descriptor);
        Keep(steps->_otherDescriptor);
        if (steps->_setsMask)
        {
            _ = LibC.DirectCall(
                LibC.Number.RtSigprocmask,
                LibC.SIG_SETMASK,
                (nint)(&steps->_mask),
                0,
                sizeof(ulong),
                0
            );
        }
        long failed = LibC.DirectCall(
            LibC.Number.Execve,
            (nint)steps->Program,
            (nint)steps->Arguments,
            (nint)steps->Environment,
            0,
            0
        );
        Check(steps, failed, ChildStep.Execute);
    }

    private static void Enter(ChildSteps* steps, int handle, nint kind, ChildStep step)
    {
        if (handle >= 0)
        {
            Check(steps, LibC.DirectCall(LibC.Number.Setns, handle, kind, 0, 0, 0), step);
        }
    }

    // One capability that outlives execve although this user is not root there; or none at all.
    private static void SetCapabilities(ChildSteps* steps)
    {
        if (!steps->_makesNamespaces && steps->_userNamespace < 0)
        {
            return;
        }
        Check(
            steps,
            LibC.DirectCall(
                LibC.Number.Capset,
                (nint)(&steps->_capabilityHeader),
                (nint)(&steps->_lowCapabilities),
                0,
                0,
                0
            ),
            ChildStep.Capabilities
        );
        SetAmbient(steps, LibC.PR_CAP_AMBIENT_CLEAR_ALL, 0);
        for (int capability = 0; capability < 32; capability++)
        {
            if ((steps->_lowCapabilities.permitted & (1u << capability)) != 0)
            {
                SetAmbient(steps, LibC.PR_CAP_AMBIENT_RAISE, capability);
            }
        }
    }

    private static void SetAmbient(ChildSteps* steps, nint change, nint capability) =>
        Check(
            steps,
            LibC.DirectCall(LibC.Number.Prctl, LibC.PR_CAP_AMBIENT, change, capability, 0, 0),
            ChildStep.Capabilities
        );

    private static void Keep(int descriptor)
    {
        if (descriptor >= 0)
        {
            _ = LibC.DirectCall(LibC.Number.Fcntl, descriptor, LibC.F_SETFD, 0, 0, 0);
        }
    }

    private static void Check(ChildSteps* steps, long result, ChildStep step)
    {
        if (result >= 0)
        {
            return;
        }
        int* report = stackalloc int[2];
        report[0] = (int)step;
        report[1] = Marshal.GetLastSystemError();
        _ = LibC.DirectCall(LibC.Number.Write, steps->Report, (nint)report, 2 * sizeof(int), 0, 0);
        Exit();
    }

    private static void Exit() => _ = LibC.DirectCall(LibC.Number.ExitGroup, 127, 0, 0, 0, 0);
}
