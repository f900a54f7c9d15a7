using System.Globalization;
using Packhorse.Model;
using Packhorse.Wheels;

namespace Packhorse.Install;

/// <summary>Where the environment's Python looks for modules, by its record alone.</summary>
public sealed record PythonScheme
{
    private PythonScheme(string version, string sitePackages, string executable)
    {
        Version = version;
        SitePackages = sitePackages;
        Executable = executable;
    }

    /// <summary>Major and minor, as in "3.11".</summary>
    public string Version { get; }

    /// <summary>The whole version, as in "3.11.4".</summary>
    public required string FullVersion { get; init; }

    /// <summary>Relative to the prefix.</summary>
    public string SitePackages { get; }

    /// <summary>Relative to the prefix.</summary>
    public string Executable { get; }

    /// <summary>Where scripts go, relative to the prefix.</summary>
    public required string Scripts { get; init; }

    /// <summary>Where headers go, relative to the prefix, in a directory for each project.</summary>
    public required string Headers { get; init; }

    /// <summary>Which wheels are for it.</summary>
    public required WheelTags Tags { get; init; }

    /// <returns>Null when there is no package named python.</returns>
    /// <exception cref="CorruptDataException">Its version or its path makes no sense.</exception>
    public static PythonScheme? Find(IEnumerable<PackageRecord> records, Platform platform)
    {
        PackageRecord? python = records.FirstOrDefault(record => record.Name == "python");
        if (python is null)
        {
            return null;
        }
        string[] parts = python.Version.Split('.');
        bool plain =
            parts.Length >= 2 && parts.Take(2).All(part => part.Length is 1 or 2 && part.All(char.IsAsciiDigit));
        string version = plain
            ? $"{parts[0]}.{parts[1]}"
            : throw new CorruptDataException(
                ErrorCodes.BadPackage,
                $"the version of {python} has no major and minor number"
            );
        string sitePackages =
            python.PythonSitePackagesPath
            ?? (platform.IsWindows ? "Lib/site-packages" : $"lib/python{version}/site-packages");
        return EntryPath.IsSafe(sitePackages)
            ? Create(python, version, sitePackages, platform)
            : throw new CorruptDataException(
                ErrorCodes.UnsafePath,
                $"{python}: python_site_packages_path {EntryPath.Quote(sitePackages)} leaves the prefix"
            );
    }

    private static PythonScheme Create(PackageRecord python, string version, string sitePackages, Platform platform)
    {
        int[] numbers = [.. version.Split('.').Select(part => int.Parse(part, CultureInfo.InvariantCulture))];
        // CEP 17, and the end of the build string where the directory has no version in its name.
        bool freeThreaded =
            sitePackages.Contains($"python{version}t/", StringComparison.Ordinal)
            || python.Build.EndsWith($"_cp{numbers[0]}{numbers[1]}t", StringComparison.Ordinal);
        // Until 3.7 the allocator was part of the name.
        string abi =
            freeThreaded ? "t"
            : numbers[0] == 3 && numbers[1] <= 7 ? "m"
            : "";
        return new PythonScheme(version, sitePackages, platform.IsWindows ? "python.exe" : $"bin/python{version}")
        {
            FullVersion = python.Version,
            Scripts = platform.IsWindows ? "Scripts" : "bin",
            Headers = platform.IsWindows ? "Include" : $"include/python{version}{abi}",
            Tags = new WheelTags(numbers[0], numbers[1], platform)
            {
                IsFreeThreaded = freeThreaded,
                IsPyPy = python.Build.EndsWith("_pypy", StringComparison.Ordinal),
            },
        };
    }

    /// <summary>Where a path of a noarch python package goes (CEP 20).</summary>
    public string Map(string path)
    {
        const string Modules = "site-packages/";
        const string PythonScripts = "python-scripts/";
        if (path.StartsWith(Modules, StringComparison.Ordinal))
        {
            return $"{SitePackages}/{path[Modules.Length..]}";
        }
        return path.StartsWith(PythonScripts, StringComparison.Ordinal)
            ? $"{Scripts}/{path[PythonScripts.Length..]}"
            : path;
    }
}
