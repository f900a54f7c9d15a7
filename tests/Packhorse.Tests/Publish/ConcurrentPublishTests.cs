using System.Diagnostics;
using Packhorse.Model;
using Packhorse.Tests.BadInput;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Publish;

/// <summary>
/// Many processes publish the same names to one directory and are killed at random moments: every visible name has its content.
/// PACKHORSE_FULL=1 makes 200 of 20 names.
/// </summary>
public sealed class ConcurrentPublishTests : IDisposable
{
    private const int AtOnce = 8;

    private static readonly bool IsFull = Environment.GetEnvironmentVariable("PACKHORSE_FULL") == "1";

    private readonly ScratchDirectory _scratch = new();
    private readonly ITestOutputHelper _log;

    public ConcurrentPublishTests(ITestOutputHelper log) => _log = log;

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Every_name_that_can_be_seen_has_its_content_whoever_was_killed()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux");
        (int publishes, int names) = IsFull ? (200, 20) : (24, 4);
        int seed = Environment.TickCount;
        _log.WriteLine($"seed {seed}");
        var random = new Random(seed);
        string[] files = [.. Enumerable.Range(0, names).Select(i => MakeFile(i, random))];
        Directory.CreateDirectory(_scratch["there"]);
        int killed = 0;
        int begun = 0;
        // All of them may have been quicker than their end: then some more.
        for (; begun < publishes || (killed == 0 && begun < 5 * publishes); begun += AtOnce)
        {
            // Two at a time publish the same.
            Process[] running = [.. Enumerable.Range(begun, AtOnce).Select(i => Start(files[i / 2 % names]))];
            killed += running.Where((_, i) => i % 2 == 0).Count(process => Kill(process, random));
            Array.ForEach(running, process => process.WaitForExit());
            Array.ForEach(running, process => process.Dispose());
            RequireOnlyWhatIsRight();
        }
        _log.WriteLine($"{killed} of {begun} were killed");
        foreach (string file in files)
        {
            CommandRun.Of("publish", file, "--to", _scratch["there"]).Successful();
        }
        RequireOnlyWhatIsRight();
        Assert.Equal(names, Visible().Count());
        Assert.True(killed > 0, "nobody was killed: the test shows nothing");
    }

    private string MakeFile(int index, Random random)
    {
        var content = new byte[2 << 20];
        random.NextBytes(content);
        return _scratch.Write($"e{index}.tar", content);
    }

    private Process Start(string file) =>
        Process.Start(
            new ProcessStartInfo("dotnet", [PackhorseProcess.Program, "publish", file, "--to", _scratch["there"], "-q"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;

    // While they write, as soon as there is something of anybody's to see or a little later.
    private bool Kill(Process process, Random random)
    {
        var waited = Stopwatch.StartNew();
        while (!process.HasExited && Temporary().Length == 0 && waited.Elapsed < TimeSpan.FromSeconds(10))
        {
            Thread.Sleep(1);
        }
        Thread.Sleep(random.Next(5));
        bool wasRunning = !process.HasExited;
        process.Kill();
        process.WaitForExit();
        return wasRunning;
    }

    private void RequireOnlyWhatIsRight()
    {
        foreach (string path in Visible())
        {
            NameHash hash = NameHash.Find(path) ?? throw new InvalidOperationException($"{path} has no hash");
            using FileStream content = File.OpenRead(path);
            Assert.True(
                hash.Fits(new Digest(System.Security.Cryptography.SHA256.HashData(content))),
                $"{path} is not what its name says"
            );
        }
    }

    private IEnumerable<string> Visible() =>
        Directory.EnumerateFiles(_scratch["there"]).Except(Temporary(), StringComparer.Ordinal);

    private string[] Temporary() => Directory.GetFiles(_scratch["there"], ".packhorse-publish-*.part");
}
