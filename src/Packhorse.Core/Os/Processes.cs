using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Packhorse.Os.Interop;

namespace Packhorse.Os;

/// <summary>What became of a child.</summary>
/// <param name="Process">Its number.</param>
/// <param name="ExitCode">As a shell tells it, 128 and the number of the signal that ended it; null when it has only stopped.</param>
/// <param name="Signal">The signal that ended or stopped it, or 0.</param>
public readonly record struct ChildNews(int Process, int? ExitCode, int Signal);

/// <summary>Other processes, and this one among them.</summary>
[SupportedOSPlatform("linux")]
public static unsafe class Processes
{
    public const int Kill = LibC.SIGKILL;
    public const int Bus = 7;

    public static int Own => LibC.getpid();

    /// <summary>0 when it is outside of this pid namespace.</summary>
    public static int Parent => LibC.getppid();

    /// <summary>Sends a signal; that there is no such process any more is no error.</summary>
    public static void Send(int process, int signal) => _ = LibC.kill(process, signal);

    /// <summary>Stops this process as a terminal would, until somebody continues it.</summary>
    public static void StopOwn() => _ = LibC.kill(LibC.getpid(), LibC.SIGSTOP);

    /// <summary>News of any child, not waited for.</summary>
    /// <returns>Null when there is none.</returns>
    public static ChildNews? NextNews() => Wait(-1, LibC.WNOHANG | LibC.WUNTRACED);

    /// <summary>Waits for the end of a child.</summary>
    public static void WaitFor(int process) => _ = Wait(process, 0);

    private static ChildNews? Wait(int process, int options)
    {
        int status;
        int changed;
        do
        {
            changed = LibC.wait4(process, &status, options, null);
        } while (changed < 0 && Marshal.GetLastPInvokeError() == SystemErrors.EINTR);
        if (changed <= 0)
        {
            return null;
        }
        // WIFSTOPPED, WIFEXITED and WTERMSIG of sys/wait.h.
        int signal = status & 0x7F;
        int second = (status >> 8) & 0xFF;
        return (status & 0xFF) == 0x7F ? new ChildNews(changed, null, second)
            : signal == 0 ? new ChildNews(changed, second, 0)
            : new ChildNews(changed, 128 + signal, signal);
    }

    /// <summary>True when what this process executes gets no more privileges than it has, whatever its file says.</summary>
    public static bool HasNoNewPrivileges =>
        SmallFiles.Read("/proc/self/status")?.Contains("\nNoNewPrivs:\t1", StringComparison.Ordinal) == true;

    /// <summary>True when a process is another one's descendant, or it itself.</summary>
    public static bool IsWithin(int process, int ancestor)
    {
        // A process that ends meanwhile breaks the chain, and so would a loop of reused numbers.
        for (int steps = 0; process > 1 && steps < 1000; steps++)
        {
            if (process == ancestor)
            {
                return true;
            }
            process = ParentOf(process);
        }
        return false;
    }

    /// <summary>Kills all processes in the user namespace of one, unless that is this process's own namespace.</summary>
    public static void KillNamespaceOf(int process)
    {
        string? wanted = NamespaceOf(process);
        if (wanted is null || wanted == NamespaceOf(Own))
        {
            return;
        }
        KillAll(other => NamespaceOf(other) == wanted);
    }

    /// <summary>Kills all other processes in this one's user namespace.</summary>
    public static void KillOwnNamespace()
    {
        string? wanted = NamespaceOf(Own);
        KillAll(other => other != Own && NamespaceOf(other) == wanted);
    }

    private static void KillAll(Predicate<int> condition)
    {
        // Twice: what was being started while the first round went on.
        for (int round = 0; round < 2; round++)
        {
            foreach (string directory in Directory.EnumerateDirectories("/proc"))
            {
                if (
                    int.TryParse(
                        Path.GetFileName(directory),
                        NumberStyles.None,
                        CultureInfo.InvariantCulture,
                        out int process
                    ) && condition(process)
                )
                {
                    Send(process, Kill);
                }
            }
        }
    }

    /// <summary>Gives up every inherited descriptor from a number on but some.</summary>
    public static void CloseInherited(int first, params ReadOnlySpan<int> kept)
    {
        foreach (string path in Directory.EnumerateFileSystemEntries("/proc/self/fd").ToArray())
        {
            int fd = int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture);
            if (fd >= first && !kept.Contains(fd) && StandardDescriptors.IsInherited(fd))
            {
                _ = LibC.close(fd);
            }
        }
    }

    /// <summary>Makes standard descriptors, of which others wait for the end, ones of nothing.</summary>
    public static void ForgetStandard(params ReadOnlySpan<int> descriptors)
    {
        using Descriptor nothing = Descriptor.Open("/dev/null", LibC.O_RDWR);
        foreach (int fd in descriptors)
        {
            _ = LibC.dup2(nothing.Number, fd);
        }
    }

    /// <summary>Ends this process at once, whatever its other threads do.</summary>
    public static void ExitNow(int code) => LibC._exit(code);

    /// <summary>When memory runs out, this process is chosen later than those that it starts afterwards.</summary>
    /// <param name="points">Thousandths of the memory.</param>
    public static void RaiseOutOfMemoryScore(int process, int points)
    {
        string path = $"/proc/{process}/oom_score_adj";
        try
        {
            int now = int.Parse(File.ReadAllText(path), CultureInfo.InvariantCulture);
            string wanted = Math.Min(1000, now + points).ToString(CultureInfo.InvariantCulture);
            _ = Descriptor.WriteText(path, wanted);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or FormatException)
        {
            // An advantage, not a condition.
        }
    }

    private static string? NamespaceOf(int process)
    {
        try
        {
            return new FileInfo($"/proc/{process}/ns/user").LinkTarget;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static int ParentOf(int process)
    {
        try
        {
            // "PID (NAME) STATE PARENT …", where the name may hold anything.
            string stat = File.ReadAllText($"/proc/{process}/stat");
            string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ', 3);
            return int.Parse(fields[1], CultureInfo.InvariantCulture);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
