using System.ComponentModel;
using System.Diagnostics;
using Packhorse.Model;

namespace Packhorse.Os;

/// <summary>A program that speaks to the user itself, on the terminal of this one.</summary>
public static class ForegroundProcess
{
    // Standard output has results for scripts; a program that talks on it, and looks whether it is a terminal, gets standard error.
    private const string Shell = "/bin/sh";
    private const string Redirected = "exec \"$@\" >&2";

    /// <param name="environment">All variables that it gets.</param>
    /// <returns>Its exit code; 128 and the number of the signal that ended it.</returns>
    /// <exception cref="SystemRefusedException">It cannot be started.</exception>
    public static async Task<int> RunAsync(
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string> environment,
        CancellationToken cancellation
    )
    {
        var start = new ProcessStartInfo(Shell, ["-c", Redirected, Shell, program, .. arguments])
        {
            UseShellExecute = false,
        };
        start.Environment.Clear();
        foreach ((string name, string value) in environment)
        {
            start.Environment.Add(name, value);
        }
        using Process process = TryStart(start);
        try
        {
            await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        return process.ExitCode;
    }

    private static Process TryStart(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception error)
        {
            throw new SystemRefusedException(
                ErrorCodes.SystemRefused,
                $"cannot start {EntryPath.Quote(start.FileName)}: {error.Message}",
                error
            );
        }
    }
}
