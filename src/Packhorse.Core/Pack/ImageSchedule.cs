using Packhorse.Image;

namespace Packhorse.Pack;

/// <summary>
/// In which order the files of an image are unpacked: first what was named, then large files, so that no thread is left with one at the
/// end, then the others in pieces of work in the order in which they are stored, so that every fragment is decoded once. Last comes what
/// the recorded program needs, which begins when all is there: what is written last is still in memory then, also of an environment that
/// is larger than the memory of the job.
/// </summary>
internal static class ImageSchedule
{
    private const long LargeBytes = 16 << 20;
    private const long JobBytes = 4 << 20;
    private const int JobFiles = 256;

    /// <param name="first">See <see cref="UnpackRequest.First"/>; null: the recorded program's come last.</param>
    /// <returns>What one thread does in one go.</returns>
    public static IReadOnlyList<IReadOnlyList<ImageEntry>> Plan(
        IReadOnlyList<ImageEntry> entries,
        EnvironmentImage image,
        IReadOnlyList<string>? first
    )
    {
        Func<ImageEntry, int> rank = first is null ? ByHotSet(image) : ByName(first);
        foreach (ImageEntry entry in entries)
        {
            entry.Rank = rank(entry);
        }
        var ranked = new List<IReadOnlyList<ImageEntry>>();
        AddJobs(
            ranked,
            entries.Where(entry => entry.Rank < int.MaxValue),
            (left, right) => left.Rank.CompareTo(right.Rank)
        );
        var jobs = new List<IReadOnlyList<ImageEntry>>();
        AddJobs(
            jobs,
            entries.Where(entry => entry.Rank == int.MaxValue && entry.Size >= LargeBytes),
            (left, right) => right.Size.CompareTo(left.Size)
        );
        AddJobs(jobs, entries.Where(entry => entry.Rank == int.MaxValue && entry.Size < LargeBytes), (_, _) => 0);
        return first is null ? [.. jobs, .. ranked] : [.. ranked, .. jobs];
    }

    // What the order leaves open is in the order in which it is stored.
    private static void AddJobs(
        List<IReadOnlyList<ImageEntry>> jobs,
        IEnumerable<ImageEntry> entries,
        Comparison<ImageEntry> order
    )
    {
        ImageEntry[] sorted = [.. entries];
        Array.Sort(
            sorted,
            (left, right) => order(left, right) is var by && by != 0 ? by : left.Order.CompareTo(right.Order)
        );
        var job = new List<ImageEntry>();
        long bytes = 0;
        foreach (ImageEntry entry in sorted)
        {
            if (job.Count > 0 && (bytes + entry.Size > JobBytes || job.Count == JobFiles))
            {
                jobs.Add(job);
                (job, bytes) = ([], 0);
            }
            job.Add(entry);
            bytes += entry.Size;
        }
        if (job.Count > 0)
        {
            jobs.Add(job);
        }
    }

    private static Func<ImageEntry, int> ByName(IReadOnlyList<string> first)
    {
        var ranks = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < first.Count; i++)
        {
            ranks.TryAdd(first[i].TrimEnd('/'), i);
        }
        return entry =>
        {
            // The path itself or a directory above it, whichever was named first.
            int best = int.MaxValue;
            for (string path = entry.Path; ; path = path[..path.LastIndexOf('/')])
            {
                best = Math.Min(best, ranks.GetValueOrDefault(path, int.MaxValue));
                if (!path.Contains('/'))
                {
                    return best;
                }
            }
        };
    }

    private static Func<ImageEntry, int> ByHotSet(EnvironmentImage image)
    {
        var ranks = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (UsedRange range in image.ReadHotSet().Files)
        {
            ranks.TryAdd(range.Path, ranks.Count);
        }
        return ranks.Count == 0 ? _ => int.MaxValue : entry => ranks.GetValueOrDefault(entry.Path, int.MaxValue);
    }
}
