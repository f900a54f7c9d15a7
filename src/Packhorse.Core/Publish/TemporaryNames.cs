using System.Globalization;

namespace Packhorse.Publish;

/// <summary>Names of files that are on their way: <c>.packhorse-publish-RANDOM.part</c> (<c>docs/FORMAT.md</c>).</summary>
public static class TemporaryNames
{
    private const string Prefix = ".packhorse-publish-";
    private const string Suffix = ".part";

    /// <param name="randomness">Numbers of [0, 1).</param>
    public static string Make(Func<double> randomness) =>
        string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Part(randomness):x8}{Part(randomness):x8}{Suffix}");

    public static bool IsOne(string name) =>
        name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(Suffix, StringComparison.Ordinal);

    private static uint Part(Func<double> randomness) => (uint)(randomness() * uint.MaxValue);
}
