using System.Text.Json;
using Packhorse.Model;
using Packhorse.Tests.BadInput;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Lock;

/// <summary>Every lock of the fixtures, planned as a user would see it.</summary>
public sealed class PlannedLockTests
{
    [Theory]
    [InlineData("locks")]
    [InlineData("rattler/conda-lock")]
    [InlineData("pixi-pack-examples")]
    public void Every_environment_of_every_real_lock_is_planned_as_its_lines_say(string directory)
    {
        string root = Fixtures.Require(directory);
        using var scratch = new ScratchDirectory();
        int planned = 0;
        foreach (string path in Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Where(IsLock))
        {
            foreach (
                ((string environment, string platform), List<string> locations) in LineReading
                    .Read(File.ReadAllText(path))
                    .Used
            )
            {
                planned += Plan(scratch.Root, path, environment, platform, locations) ? 1 : 0;
            }
        }
        Assert.True(planned > 5, $"{planned} plans");
    }

    private static bool IsLock(string path) =>
        Path.GetFileName(path) == "pixi.lock" || path.EndsWith(".yml", StringComparison.Ordinal);

    // False for what cannot be packed, which has to be told as such.
    private static bool Plan(string directory, string path, string environment, string platform, List<string> locations)
    {
        // A lock of any name, beside nothing else.
        string copy = Path.Combine(
            Directory.CreateDirectory(Path.Combine(directory, $"{Guid.NewGuid():N}")).FullName,
            "pixi.lock"
        );
        File.Copy(path, copy);
        CliResult run = Cli.Run("pack", copy, "-e", environment, "-p", platform, "--dry-run", "--json");
        if (run.ExitCode != 0)
        {
            Assert.True(run.ExitCode is 1 or 2, $"{path} {environment} {platform}: {run.ExitCode} {run.Error}");
            Assert.Matches(@"\[PH0(204|201|101|205)\]", run.Error);
            return false;
        }
        JsonElement plan = JsonDocument.Parse(run.Text).RootElement;
        string[] urls =
        [
            .. plan.GetProperty("packages").EnumerateArray().Select(one => one.GetProperty("url").GetString()!),
        ];
        Assert.Equal(
            locations.Where(IsConda).Select(Redaction.Url).Order(StringComparer.Ordinal),
            urls.Where(IsConda).Order(StringComparer.Ordinal)
        );
        long size = plan.GetProperty("packages")
            .EnumerateArray()
            .Sum(one => one.TryGetProperty("size", out JsonElement bytes) ? bytes.GetInt64() : 0);
        Assert.Equal(size, plan.GetProperty("size").GetInt64());
        return true;
    }

    private static bool IsConda(string location) =>
        location.EndsWith(".conda", StringComparison.Ordinal)
        || location.EndsWith(".tar.bz2", StringComparison.Ordinal);
}
