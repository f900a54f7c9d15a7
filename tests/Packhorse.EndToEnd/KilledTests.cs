using System.Diagnostics;
using System.Globalization;

namespace Packhorse.EndToEnd;

/// <summary>
/// SIGKILL at points counted in bytes written: nothing half-made ever looks whole, and the next run completes. The points are drawn with
/// a seed that is printed; PACKHORSE_FULL=1 tries 100 of each.
/// </summary>
public sealed class KilledTests : IDisposable
{
    private static readonly int Points = Environment.GetEnvironmentVariable("PACKHORSE_FULL") == "1" ? 100 : 10;

    private readonly Environments _environments;
    private readonly ITestOutputHelper _log;
    private readonly DirectoryInfo _scratch;
    private int _kills;

    public KilledTests(Environments environments, ITestOutputHelper log)
    {
        _environments = environments;
        _log = log;
        // Memory where there is some: what is tested is the order of steps, not a disk.
        string root = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();
        _scratch = Directory.CreateDirectory(Path.Combine(root, $"packhorse-killed-{Guid.NewGuid():n}"));
    }

    public void Dispose()
    {
        _scratch.Delete(recursive: true);
        Assert.True(_kills > Points / 4, $"only {_kills} of {Points} runs were killed before their end");
    }

    [Fact]
    public void A_killed_pack_leaves_nothing_at_its_name_and_the_next_run_completes_it()
    {
        byte[] expected = File.ReadAllBytes(_environments.Pack);
        string output = this["killed-pack/environment.tar"];
        foreach (long point in DrawPoints(expected.Length))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(output)!);
            bool killed = RunAndKill(point, "pack", _environments.Channel.LockFile, "-o", output);
            Assert.True(!File.Exists(output) || !killed || File.ReadAllBytes(output).AsSpan().SequenceEqual(expected));
            OnlyThese(Path.GetDirectoryName(output)!, "environment.tar", "environment.tar.part.d");
            Published.Run("pack", _environments.Channel.LockFile, "-o", output).Succeeded();
            Assert.True(
                File.ReadAllBytes(output).AsSpan().SequenceEqual(expected),
                $"another pack after a kill at {point}"
            );
            OnlyThese(Path.GetDirectoryName(output)!, "environment.tar");
            Directory.Delete(Path.GetDirectoryName(output)!, recursive: true);
        }
    }

    [Fact]
    public void A_killed_unpack_leaves_no_environment_and_the_next_run_makes_it()
    {
        string job = this["killed-unpack"];
        string expected = Unpacked(job);
        foreach (long point in DrawPoints(60_000_000))
        {
            bool killed = RunAndKill(point, "unpack", _environments.Pack, "-o", job);
            // The environment appears by one rename, so that it is whole when it is there.
            Assert.True(!killed || !Directory.Exists(Path.Combine(job, "env")) || Describe(job) == expected);
            OnlyThese(job, "env", ".env.packhorse-part", ".env.packhorse-lock", "activate.sh", "activate.sh.part");
            Assert.Equal(expected, Unpacked(job));
        }
    }

    [Fact]
    public void A_killed_update_is_repaired_by_the_next_run()
    {
        string job = this["killed-update"];
        string smaller = this["smaller.tar"];
        PackWithout(smaller, "pygments", "setuptools");
        string expected = Unpacked(job);
        foreach (long point in DrawPoints(12_000_000))
        {
            Directory.CreateDirectory(job);
            Published.Run("unpack", smaller, "-o", job).Succeeded();
            File.WriteAllText(Path.Combine(job, "env", "mine.txt"), "a file of the user's");
            RunAndKill(point, "unpack", _environments.Pack, "-o", job);
            Assert.True(
                !File.Exists(Path.Combine(job, "env/conda-meta/packhorse"))
                    || !File.Exists(Path.Combine(job, "env/conda-meta/packhorse-update")),
                "an environment is complete and being changed at once"
            );
            Published.Run("unpack", _environments.Pack, "-o", job).Succeeded();
            Assert.Equal("a file of the user's", File.ReadAllText(Path.Combine(job, "env", "mine.txt")));
            File.Delete(Path.Combine(job, "env", "mine.txt"));
            Assert.Equal(expected, Describe(job));
            Directory.Delete(job, recursive: true);
        }
    }

    private string this[string relative] => Path.Combine(_scratch.FullName, relative);

    private string Unpacked(string job)
    {
        Published.Run("unpack", _environments.Pack, "-o", job).Succeeded();
        OnlyThese(job, "env", "activate.sh");
        string tree = Describe(job);
        Directory.Delete(job, recursive: true);
        Directory.CreateDirectory(job);
        return tree;
    }

    private long[] DrawPoints(long most)
    {
        int seed = Environment.TickCount;
        _log.WriteLine($"seed {seed}");
        var random = new Random(seed);
        // Half of them near the beginning and the end, where the interesting steps are.
        return Enumerable
            .Range(0, Points)
            .Select(i =>
                i % 4 == 0 ? random.NextInt64(most / 50)
                : i % 4 == 1 ? most - random.NextInt64(most / 50)
                : random.NextInt64(most)
            )
            .ToArray();
    }

    /// <returns>False when it ended before the point was reached.</returns>
    private bool RunAndKill(long bytes, params string[] arguments)
    {
        var start = new ProcessStartInfo(Published.Packhorse, [.. arguments, "-q"]);
        using Process process = Process.Start(start)!;
        string io = $"/proc/{process.Id}/io";
        while (!process.HasExited)
        {
            try
            {
                string written = File.ReadLines(io).First(line => line.StartsWith("wchar:", StringComparison.Ordinal))[
                    7..
                ];
                if (long.Parse(written, CultureInfo.InvariantCulture) >= bytes)
                {
                    process.Kill();
                    process.WaitForExit();
                    _kills += process.ExitCode != 0 ? 1 : 0;
                    return process.ExitCode != 0;
                }
            }
            catch (IOException)
            {
                // It has just ended.
            }
        }
        return false;
    }

    private void PackWithout(string output, params string[] names)
    {
        string directory = this["smaller"];
        Directory.CreateDirectory(directory);
        string[] lines = File.ReadAllLines(_environments.Channel.LockFile);
        var kept = new List<string>();
        bool skipping = false;
        foreach (string line in lines)
        {
            if (
                line.StartsWith("- conda:", StringComparison.Ordinal)
                || line.StartsWith("      - conda:", StringComparison.Ordinal)
            )
            {
                skipping = names.Any(name => line.Contains($"/{name}-", StringComparison.Ordinal));
            }
            else if (!line.StartsWith("  ", StringComparison.Ordinal))
            {
                skipping = false;
            }
            if (!skipping)
            {
                kept.Add(line);
            }
        }
        Assert.True(kept.Count < lines.Length);
        File.WriteAllLines(Path.Combine(directory, "pixi.lock"), kept);
        Published.Run("pack", directory, "-o", output).Succeeded();
    }

    private static void OnlyThese(string directory, params string[] names)
    {
        if (Directory.Exists(directory))
        {
            Assert.Subset(
                names.ToHashSet(),
                Directory.EnumerateFileSystemEntries(directory).Select(path => Path.GetFileName(path)!).ToHashSet()
            );
        }
    }

    private static string Describe(string root) =>
        string.Join(
            '\n',
            new DirectoryInfo(root)
                .EnumerateFileSystemInfos(
                    "*",
                    new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }
                )
                .Select(entry =>
                    $"{Path.GetRelativePath(root, entry.FullName)} {entry.UnixFileMode} {entry.LinkTarget} {(entry is FileInfo { LinkTarget: null } file ? $"{file.Length} {file.LastWriteTimeUtc.Ticks}" : "")}"
                )
                .Where(line => !line.StartsWith("activate.sh ", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
        );
}
