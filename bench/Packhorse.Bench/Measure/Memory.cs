using System.Globalization;

namespace Packhorse.Bench.Measure;

/// <summary>Memory of a process and its descendants, in bytes, now.</summary>
internal static class Memory
{
    public static (long Sum, long LargestPeak) OfTree(int root)
    {
        long sum = 0;
        long largest = 0;
        var waiting = new Stack<int>([root]);
        while (waiting.TryPop(out int pid))
        {
            try
            {
                sum += Field($"/proc/{pid}/smaps_rollup", "Pss:");
                largest = Math.Max(largest, Field($"/proc/{pid}/status", "VmHWM:"));
                foreach (string task in Directory.EnumerateDirectories($"/proc/{pid}/task"))
                {
                    foreach (
                        string child in File.ReadAllText($"{task}/children")
                            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
                    )
                    {
                        waiting.Push(int.Parse(child, CultureInfo.InvariantCulture));
                    }
                }
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // It has ended meanwhile.
            }
        }
        return (sum, largest);
    }

    private static long Field(string file, string name)
    {
        foreach (string line in File.ReadLines(file))
        {
            if (line.StartsWith(name, StringComparison.Ordinal))
            {
                string number = line[name.Length..].Replace("kB", "", StringComparison.Ordinal).Trim();
                return 1024 * long.Parse(number, CultureInfo.InvariantCulture);
            }
        }
        return 0;
    }
}
