using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Packhorse.Bench.Measure;

/// <summary>
/// Runs a command and measures it by /proc. Its children's I/O is added to its own when they are waited for, so that the totals are
/// complete in the moment when it has ended and has not been waited for: it is spawned here without the base class library, which
/// would wait for it at once.
/// </summary>
public static unsafe partial class MeasuredProcess
{
    private const int ExitedOnly = 4; // WEXITED
    private const int LeaveWaitable = 0x01000000; // WNOWAIT
    private const int NoHang = 1; // WNOHANG
    private const int ByProcessId = 1; // P_PID
    private static readonly TimeSpan Sampling = TimeSpan.FromMilliseconds(10);

    /// <param name="command">Program (an absolute path) and arguments.</param>
    /// <param name="output">File for standard output, "/dev/null" if not given.</param>
    /// <param name="environment">The whole environment; inherited if not given.</param>
    public static Measurement Run(
        IReadOnlyList<string> command,
        string? output = null,
        string? input = null,
        IReadOnlyDictionary<string, string>? environment = null
    )
    {
        long start = Stopwatch.GetTimestamp();
        int pid = Spawn(command, output ?? "/dev/null", input ?? "/dev/null", environment);
        long total = 0;
        long largest = 0;
        while (!HasEnded(pid))
        {
            (long sum, long peak) = Memory.OfTree(pid);
            total = Math.Max(total, sum);
            largest = Math.Max(largest, peak);
            Thread.Sleep(Sampling);
        }
        TimeSpan wall = Stopwatch.GetElapsedTime(start);
        Dictionary<string, long> io = Io(pid);
        int status = 0;
        Rusage usage = default;
        _ = wait4(pid, &status, 0, &usage);
        return new Measurement
        {
            Wall = wall,
            Processor = usage.User.ToTimeSpan() + usage.System.ToTimeSpan(),
            BytesRead = io.GetValueOrDefault("rchar"),
            BytesWritten = io.GetValueOrDefault("wchar"),
            PeakTotal = total,
            PeakLargest = largest,
            ExitCode = (status & 0x7F) == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F),
        };
    }

    private static bool HasEnded(int pid)
    {
        byte* info = stackalloc byte[128];
        new Span<byte>(info, 128).Clear();
        int result = waitid(ByProcessId, pid, info, ExitedOnly | LeaveWaitable | NoHang);
        // si_pid stays 0 while nothing has ended; it follows si_signo, si_errno, si_code and padding.
        return result != 0 || *(int*)(info + 12) != 0 || *(int*)(info + 16) != 0;
    }

    private static Dictionary<string, long> Io(int pid) =>
        File.ReadLines($"/proc/{pid}/io")
            .Select(line => line.Split(": "))
            .ToDictionary(fields => fields[0], fields => long.Parse(fields[1], CultureInfo.InvariantCulture));

    private static int Spawn(
        IReadOnlyList<string> command,
        string output,
        string input,
        IReadOnlyDictionary<string, string>? environment
    )
    {
        // posix_spawn's file actions and attributes are opaque; glibc's and musl's fit into these.
        byte* actions = stackalloc byte[256];
        _ = posix_spawn_file_actions_init(actions);
        _ = posix_spawn_file_actions_addopen(actions, 0, input, 0, 0);
        _ = posix_spawn_file_actions_addopen(actions, 1, output, 0x241, 0x1A4); // O_WRONLY | O_CREAT | O_TRUNC
        string[] variables = environment is null
            ?
            [
                .. Environment
                    .GetEnvironmentVariables()
                    .Cast<System.Collections.DictionaryEntry>()
                    .Select(entry => $"{entry.Key}={entry.Value}"),
            ]
            : [.. environment.Select(pair => $"{pair.Key}={pair.Value}")];
        using var argv = new NativeStrings(command);
        using var envp = new NativeStrings(variables);
        int pid;
        int error = posix_spawn(&pid, command[0], actions, null, argv.Pointer, envp.Pointer);
        _ = posix_spawn_file_actions_destroy(actions);
        return error == 0
            ? pid
            : throw new InvalidOperationException(
                $"cannot start {command[0]}: {Marshal.GetPInvokeErrorMessage(error)}"
            );
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int waitid(int idtype, int id, byte* info, int options);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int wait4(int pid, int* status, int options, Rusage* usage);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn(
        int* pid,
        string path,
        byte* actions,
        byte* attributes,
        byte** argv,
        byte** envp
    );

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_init(byte* actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_destroy(byte* actions);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn_file_actions_addopen(
        byte* actions,
        int fd,
        string path,
        int flags,
        uint mode
    );

    [StructLayout(LayoutKind.Sequential)]
    private struct Timeval
    {
        public long Seconds;
        public long Microseconds;

        public readonly TimeSpan ToTimeSpan() =>
            TimeSpan.FromSeconds(Seconds) + TimeSpan.FromMicroseconds(Microseconds);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Rusage
    {
        public Timeval User;
        public Timeval System;
        public fixed long Others[14];
    }

    private sealed class NativeStrings : IDisposable
    {
        private readonly nint[] _strings;

        public NativeStrings(IReadOnlyList<string> strings)
        {
            _strings = [.. strings.Select(Marshal.StringToCoTaskMemUTF8)];
            Pointer = (byte**)NativeMemory.AllocZeroed((nuint)(strings.Count + 1), (nuint)sizeof(byte*));
            for (int i = 0; i < _strings.Length; i++)
            {
                Pointer[i] = (byte*)_strings[i];
            }
        }

        public byte** Pointer { get; }

        public void Dispose()
        {
            foreach (nint text in _strings)
            {
                Marshal.FreeCoTaskMem(text);
            }
            NativeMemory.Free(Pointer);
        }
    }
}
