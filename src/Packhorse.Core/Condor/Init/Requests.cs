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

    /// <summary>
    /// KiB, rounded up as condor_schedd rounds what it believes a job to use before it has run (SCHEDD_ROUND_ATTR_DiskUsage = 25%): to
    /// quarters of its power of ten. A slot with less is not held to what the job really uses where HOLD_IF_DISK_EXCEEDED is set, but to that.
    /// </summary>
    public static long Kibibytes(long bytes)
    {
        long whole = (bytes + 1023) / 1024;
        long power = 1;
        while (power <= whole / 10)
        {
            power *= 10;
        }
        long quarter = Math.Max(power / 4, 1);
        return (whole + quarter - 1) / quarter * quarter;
    }

    /// <summary>KiB in whole MB, as the submit file has it.</summary>
    public static long UnpackedKibibytes(JobRequest request) => Kibibytes(UnpackedBytes(request));

    /// <summary>The archive is brought by a URL: through caches, which may be others on another node.</summary>
    public static bool ComesThroughCaches(JobRequest request) =>
        request.Archive.Contains("://", StringComparison.Ordinal);

    /// <summary>All of an image is compared before the command starts. Of a pack it is anyway, while it is unpacked.</summary>
    public static bool VerifiesFirst(JobRequest request) =>
        request.Facts.IsImage && (request.VerifiesFirst ?? ComesThroughCaches(request));

    /// <summary>Exit codes after which another start, on another node perhaps, may go well.</summary>
    public static IReadOnlyList<int> CodesToRetry(JobRequest request) =>
        [
            .. request.Facts.IsImage && ComesThroughCaches(request) ? [104] : (int[])[],
            .. ComesThroughCaches(request) ? [114] : (int[])[],
            .. MountsFirst(request) ? [116] : (int[])[],
        ];

    /// <summary>The job is mounted where it can be, and asks for more only when it could not.</summary>
    public static bool MountsFirst(JobRequest request) => request.Facts.IsImage && request.Start == JobStart.Mount;
}
