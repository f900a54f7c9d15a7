namespace Packhorse.Runtime;

/// <summary>A signal ended the work.</summary>
internal sealed class InterruptedException(int exitCode) : Exception("interrupted")
{
    /// <summary>As a shell gives the end of a process by this signal.</summary>
    public int ExitCode { get; } = exitCode;
}
