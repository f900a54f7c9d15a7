using System.Globalization;
using System.Text.RegularExpressions;

namespace Packhorse.Condor.Init;

/// <summary>What the CUDA packages of an environment want of a GPU and its driver.</summary>
/// <param name="Runtime">The oldest CUDA that the driver must support, as in "12.0".</param>
/// <param name="Capability">The oldest compute capability; null where the packages do not tell.</param>
internal sealed partial record GpuNeeds(string? Runtime, string? Capability)
{
    // cuDNN 9.11 and CUDA 13 are built for Turing and newer.
    private const string Turing = "7.5";

    /// <returns>Null for an environment without CUDA.</returns>
    public static GpuNeeds? Of(EnvironmentFacts facts)
    {
        string[] wanted = [.. facts.VirtualPackages.Where(text => Virtual().IsMatch(text))];
        string? version = facts.Packages.FirstOrDefault(package => package.Name == "cuda-version")?.Version;
        if (wanted.Length == 0 && version is null)
        {
            return null;
        }
        // Drivers run what any CUDA of the same major version was built with.
        int major = wanted
            .Select(text => Virtual().Match(text).Groups["major"].Value)
            .Append(version?.Split('.')[0] ?? "")
            .Select(text =>
                int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0
            )
            .Max();
        bool isNew =
            major >= 13 || facts.Packages.Any(package => package.Name == "cudnn" && IsAtLeast(package.Version, 9, 11));
        return new GpuNeeds(
            major > 0 ? string.Create(CultureInfo.InvariantCulture, $"{major}.0") : null,
            isNew ? Turing : null
        );
    }

    private static bool IsAtLeast(string version, int major, int minor)
    {
        string[] parts = version.Split('.');
        return parts.Length >= 2
            && int.TryParse(parts[0], out int first)
            && int.TryParse(parts[1], out int second)
            && (first > major || (first == major && second >= minor));
    }

    [GeneratedRegex(@"\A__cuda(\s|\z)(.*?(?<major>\d+))?")]
    private static partial Regex Virtual();
}
