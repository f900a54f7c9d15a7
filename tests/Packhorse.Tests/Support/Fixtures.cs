namespace Packhorse.Tests.Support;

/// <summary>
/// Real packages, locks and golden tables that are too large or not ours to keep in the repository. They are looked for in
/// PACKHORSE_FIXTURES, else in <c>shared/fixtures</c> beside the checkout; tests that need one are skipped without it.
/// </summary>
public static class Fixtures
{
    private static readonly string Root =
        Environment.GetEnvironmentVariable("PACKHORSE_FIXTURES")
        ?? Path.Combine(Repository.Root, "..", "shared", "fixtures");

    /// <summary>The absolute path of a fixture file or directory; skips the running test when it is not there.</summary>
    public static string Require(string relative)
    {
        string path = Path.GetFullPath(Path.Combine(Root, relative));
        Assert.SkipUnless(
            Path.Exists(path),
            $"no fixture {relative} (set PACKHORSE_FIXTURES to the directory of the fixtures)"
        );
        return path;
    }
}
