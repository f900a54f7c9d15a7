using System.Diagnostics;

namespace Packhorse.Tests.Support;

/// <summary>
/// Programs of npm that tests need and Debian does not have. Each is installed once for all runs, into the user's cache; tests that need one are
/// skipped where that fails.
/// </summary>
public static class InstalledProgram
{
    private static readonly System.Threading.Lock Installing = new();

    /// <param name="package">With its version.</param>
    /// <param name="program">Where it is, below the directory of the installation.</param>
    /// <returns>Its path.</returns>
    public static string OfNpm(string package, string program)
    {
        string cache = Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.None),
            ".cache/packhorse-tests",
            package
        );
        lock (Installing)
        {
            if (!File.Exists(Path.Combine(cache, program)))
            {
                Install(package, cache);
            }
        }
        return Path.Combine(cache, program);
    }

    private static void Install(string package, string cache)
    {
        Assert.SkipUnless(StockTool.IsInstalled("npm"), $"no npm on this machine, which would install {package}");
        // Whole or not at all: another run may look at the same time.
        string part = $"{cache}.{Environment.ProcessId}";
        Directory.CreateDirectory(part);
        using Process process = Process.Start(
            new ProcessStartInfo("npm", ["install", "--prefix", part, "--no-audit", "--no-fund", package])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        _ = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        string reason =
            errors.Result.Split('\n').LastOrDefault(line => line.Contains("err", StringComparison.OrdinalIgnoreCase))
            ?? "";
        Assert.SkipUnless(process.ExitCode == 0, $"npm could not install {package}: {reason}");
        if (!Directory.Exists(cache))
        {
            Directory.Move(part, cache);
        }
    }
}
