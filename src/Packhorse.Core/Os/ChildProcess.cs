using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Packhorse.Model;
using Packhorse.Os.Interop;

namespace Packhorse.Os;

/// <summary>How a child process is started.</summary>
public sealed record ChildRequest
{
    /// <summary>This program itself, also after its file was removed.</summary>
    public const string ThisProgram = "/proc/self/exe";

    public required string Program { get; init; }

    /// <summary>From the program's own name on, as bytes.</summary>
    public required IReadOnlyList<byte[]> Arguments { get; init; }

    /// <summary>Entries NAME=VALUE.</summary>
    public required IReadOnlyList<byte[]> Environment { get; init; }

    /// <summary>Namespaces that it enters; all capabilities that it gets there are given back before the program begins.</summary>
    public NamespaceHandles? Enters { get; init; }

    /// <summary>
    /// It gets a user namespace and a mount namespace of its own, with this user and group alone, and the capability to mount there.
    /// </summary>
    public bool MakesNamespaces { get; init; }

    /// <summary>In namespaces of its own it may also do what file systems make others ask permission for.</summary>
    public bool OverridesPermissions { get; init; }

    /// <summary>Its current directory, looked up after namespaces were entered; null: this process's.</summary>
    public string? Directory { get; init; }

    /// <summary>A descriptor that it gets beside those that are kept anyway; -1: none.</summary>
    public int Descriptor { get; init; } = -1;

    /// <summary>A second one.</summary>
    public int OtherDescriptor { get; init; } = -1;

    /// <summary>It is in a session of its own: nothing of a terminal reaches it.</summary>
    public bool OwnSession { get; init; }

    /// <summary>It is killed when the thread that starts it, which should be the main one, is no more.</summary>
    public bool EndsWithParent { get; init; }

    /// <summary>Blocked signals of the child; null: as this thread's.</summary>
    public ulong? SignalMask { get; init; }
}

/// <summary>Processes that this one starts as copies of itself, without what the base class library does to signals and terminals.</summary>
[SupportedOSPlatform("linux")]
public static unsafe class ChildProcess
{
    /// <summary>Starts a program.</summary>
    /// <returns>Its process id.</returns>
    /// <exception cref="NotFoundException">There is no such program.</exception>
    /// <exception cref="SystemRefusedException">The system refused a step; its name is in the message.</exception>
    public static int Start(ChildRequest request)
    {
        int* pipe = stackalloc int[2];
        if (LibC.pipe2(pipe, LibC.O_CLOEXEC) != 0)
        {
            throw SystemErrors.LastError("make", "a pipe");
        }
        using var reading = new Descriptor(pipe[0]);
        var writing = new Descriptor(pipe[1]);
        using var arguments = new NativeTexts(request.Arguments);
        using var environment = new NativeTexts(request.Environment);
        long process;
        fixed (byte* program = Encode(request.Program))
        fixed (byte* directory = request.Directory is { } path ? Encode(path) : null)
        {
            var steps = new ChildSteps(request)
            {
                Program = program,
                Directory = directory,
                Arguments = arguments.Pointer,
                Environment = environment.Pointer,
                Report = pipe[1],
            };
            nint before = LibC.signal(LibC.SIGPIPE, LibC.SIG_DFL);
            process = ChildSteps.Fork(&steps, out int refused);
            _ = LibC.signal(LibC.SIGPIPE, before);
            writing.Dispose();
            if (process < 0)
            {
                throw SystemErrors.FromErrno(
                    refused,
                    "start",
                    request.MakesNamespaces ? "a process with a user namespace" : "a process"
                );
            }
        }
        if (request.MakesNamespaces)
        {
            MapIds((int)process);
        }
        ThrowIfReported(reading.Number, (int)process, request.Program);
        return (int)process;
    }

    private static byte[] Encode(string path) => NativePath.Encode(path, []).ToArray();

    // Without CAP_SETGID a group can be mapped only where setgroups is given up for good.
    private static void MapIds(int process)
    {
        (string File, string Text)[] maps =
        [
            ("setgroups", "deny"),
            ("uid_map", $"{LibC.geteuid()} {LibC.geteuid()} 1"),
            ("gid_map", $"{LibC.getegid()} {LibC.getegid()} 1"),
        ];
        foreach ((string file, string text) in maps)
        {
            int errno = Os.Descriptor.WriteText($"/proc/{process}/{file}", text);
            if (errno != 0 && file != "setgroups")
            {
                End(process);
                throw SystemErrors.FromErrno(errno, "write", $"/proc/{process}/{file}");
            }
        }
    }

    /// <summary>Kills a child and takes its end away.</summary>
    public static void End(int process)
    {
        _ = LibC.kill(process, LibC.SIGKILL);
        int status;
        while (LibC.wait4(process, &status, 0, null) < 0 && Marshal.GetLastPInvokeError() == SystemErrors.EINTR) { }
    }

    // A pipe that is closed on exec says by its end that the program has begun.
    private static void ThrowIfReported(int reading, int process, string program)
    {
        int* report = stackalloc int[2];
        nint count;
        do
        {
            count = LibC.read(reading, (byte*)report, 2 * sizeof(int));
        } while (count < 0 && Marshal.GetLastPInvokeError() == SystemErrors.EINTR);
        if (count < 2 * sizeof(int))
        {
            return;
        }
        int status;
        while (LibC.wait4(process, &status, 0, null) < 0 && Marshal.GetLastPInvokeError() == SystemErrors.EINTR) { }
        (string operation, string what) = (ChildStep)report[0] switch
        {
            ChildStep.UserNamespace => ("enter", "the user namespace"),
            ChildStep.MountNamespace => ("enter", "the mount namespace"),
            ChildStep.Directory => ("change to", "the current directory"),
            ChildStep.Capabilities => ("set", "capabilities"),
            _ => ("execute", program),
        };
        throw SystemErrors.FromErrno(report[1], operation, what);
    }
}
