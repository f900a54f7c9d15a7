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

    /// <summary>KiB that a job asks for when its environment is unpacked.</summary>
    public static long UnpackedKibibytes(JobRequest request) => RequestSize.InSteps(UnpackedBytes(request));

    /// <summary>The archive is brought by a URL: through caches, which may be others on another node. Of a file's there are none.</summary>
    public static bool ComesThroughCaches(JobRequest request) =>
        request.Archive.Contains("://", StringComparison.Ordinal)
        && !request.Archive.StartsWith("file://", StringComparison.OrdinalIgnoreCase);

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
