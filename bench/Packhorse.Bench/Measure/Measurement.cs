namespace Packhorse.Bench.Measure;

/// <summary>What one command cost, with all processes that it started and waited for.</summary>
public sealed record Measurement
{
    public required TimeSpan Wall { get; init; }

    /// <summary>User and system time.</summary>
    public required TimeSpan Processor { get; init; }

    /// <summary>Bytes that read(2) and its kin returned (rchar of /proc/PID/io).</summary>
    public required long BytesRead { get; init; }

    /// <summary>Bytes that write(2) and its kin took (wchar of /proc/PID/io).</summary>
    public required long BytesWritten { get; init; }

    /// <summary>The most that all processes together held: sum of their proportional set sizes, sampled.</summary>
    public required long PeakTotal { get; init; }

    /// <summary>The most that one process held (VmHWM), sampled.</summary>
    public required long PeakLargest { get; init; }

    public required int ExitCode { get; init; }
}
