namespace Packhorse.Condor.Init;

/// <summary>What jobs ask for, computed from what they bring.</summary>
internal static class Requests
{
    // HTCondor's own files, logs and what a command leaves in its home.
    private const long Slack = 64 << 20;

    /// <summary>Archive, inputs and outputs.</summary>
    public static long MountedBytes(JobRequest request) =>
        request.Facts.ArchiveBytes + request.InputBytes + request.OutputBytes + Slack;

    /// <summary>The same, with the environment unpacked beside.</summary>
    public static long UnpackedBytes(JobRequest request) =>
        request.Facts.BytesToUnpack + request.InputBytes + request.OutputBytes + Slack;

    public static long Kibibytes(long bytes) => (bytes + 1023) / 1024;

    /// <summary>KiB in whole MB, as the submit file has it.</summary>
    public static long UnpackedKibibytes(JobRequest request) => Kibibytes(UnpackedBytes(request));

    /// <summary>The job is mounted where it can be, and asks for more only when it could not.</summary>
    public static bool MountsFirst(JobRequest request) => request.Facts.IsImage && request.Start == JobStart.Mount;
}
