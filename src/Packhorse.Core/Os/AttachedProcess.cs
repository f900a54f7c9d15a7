using System.ComponentModel;
using System.Diagnostics;

namespace Packhorse.Os;

/// <summary>A program that has this one's terminal, so that it can ask its user.</summary>
public static class AttachedProcess
{
    /// <returns>Its exit code, 128 and the number of the signal that ended it; null when it cannot be started.</returns>
    public static int? Run(string program, IEnumerable<string> arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false });
            process?.WaitForExit();
            return process?.ExitCode;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
