using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Packhorse.Model;
using Packhorse.Os.Interop;

namespace Packhorse.Os;

/// <summary>This process becoming another program: same process id, parent, terminal, descriptors and limits.</summary>
[SupportedOSPlatform("linux")]
public static unsafe class ProcessImage
{
    /// <summary>
    /// Becomes another program; returns only by an exception. Signals are as the caller of this process had them, but for SIGPIPE,
    /// which .NET ignores and which is given its default again.
    /// </summary>
    /// <param name="path">The program's file; a name without a slash is one in the current directory.</param>
    /// <param name="arguments">From the program's own name on, as bytes: not all are text.</param>
    /// <param name="environment">Entries NAME=VALUE.</param>
    /// <exception cref="NotFoundException">There is no such file, or its interpreter is missing.</exception>
    /// <exception cref="SystemRefusedException">The system does not execute it.</exception>
    public static void Replace(string path, IReadOnlyList<byte[]> arguments, IReadOnlyList<byte[]> environment)
    {
        using var argv = new NativeTexts(arguments);
        using var envp = new NativeTexts(environment);
        nint before = LibC.signal(LibC.SIGPIPE, LibC.SIG_DFL);
        fixed (byte* name = NativePath.Encode(path, stackalloc byte[NativePath.ScratchBytes]))
        {
            _ = LibC.execve(name, argv.Pointer, envp.Pointer);
        }
        int errno = Marshal.GetLastPInvokeError();
        _ = LibC.signal(LibC.SIGPIPE, before);
        throw SystemErrors.FromErrno(errno, "execute", path);
    }

    /// <summary>The arguments of this process as they came, its own name first; null without /proc.</summary>
    public static IReadOnlyList<byte[]>? Arguments() => ReadList("/proc/self/cmdline");

    /// <summary>The environment that this process came with, entries NAME=VALUE; null without /proc.</summary>
    public static IReadOnlyList<byte[]>? InitialEnvironment() => ReadList("/proc/self/environ");

    /// <summary>The file that a command name stands for, as a shell finds it.</summary>
    /// <param name="path">Directories with colons between them, as in the variable PATH; an empty one is the current directory.</param>
    /// <returns>Null when there is none. A file that may not be executed is given when there is no better one.</returns>
    public static string? Find(string command, string path)
    {
        if (command.Contains('/'))
        {
            return FileTree.Exists(command) ? command : null;
        }
        string? other = null;
        foreach (string directory in command.Length == 0 ? [] : path.Split(':'))
        {
            string candidate = Path.Combine(directory.Length == 0 ? "." : directory, command);
            if (FileTree.FileExists(candidate))
            {
                if (IsExecutable(candidate))
                {
                    return candidate;
                }
                other ??= candidate;
            }
        }
        return other;
    }

    /// <summary>True for a file that this user may execute where it is.</summary>
    public static bool IsExecutable(string path) => FileTree.FileExists(path) && MayAccess(path, LibC.X_OK);

    /// <summary>True for a directory in which this user may make files.</summary>
    public static bool IsWritableDirectory(string path) =>
        FileTree.DirectoryExists(path) && MayAccess(path, LibC.W_OK | LibC.X_OK);

    /// <summary>True for a file or device that this user may open for both.</summary>
    public static bool MayReadAndWrite(string path) => MayAccess(path, LibC.R_OK | LibC.W_OK);

    /// <summary>This user's number.</summary>
    public static uint UserId => LibC.geteuid();

    /// <summary>The number of this user's group.</summary>
    public static uint GroupId => LibC.getegid();

    private static List<byte[]>? ReadList(string path)
    {
        try
        {
            var list = new List<byte[]>();
            ReadOnlySpan<byte> rest = File.ReadAllBytes(path);
            while (rest.IndexOf((byte)0) is >= 0 and int end)
            {
                list.Add(rest[..end].ToArray());
                rest = rest[(end + 1)..];
            }
            return list;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool MayAccess(string path, int mode)
    {
        fixed (byte* name = NativePath.Encode(path, stackalloc byte[NativePath.ScratchBytes]))
        {
            return LibC.faccessat(LibC.AT_FDCWD, name, mode, 0) == 0;
        }
    }
}
