using Packhorse.Model;

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

    /// <summary>Relative to the prefix.</summary>
    public string SitePackages { get; }

    /// <summary>Relative to the prefix.</summary>
    public string Executable { get; }

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
        bool plain = parts.Length >= 2 && parts.Take(2).All(part => part.Length > 0 && part.All(char.IsAsciiDigit));
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
            ? new PythonScheme(version, sitePackages, platform.IsWindows ? "python.exe" : $"bin/python{version}")
            : throw new CorruptDataException(
                ErrorCodes.UnsafePath,
                $"{python}: python_site_packages_path {EntryPath.Quote(sitePackages)} leaves the prefix"
            );
    }

    /// <summary>Where a path of a noarch python package goes (CEP 20).</summary>
    public string Map(string path, Platform platform)
    {
        const string Modules = "site-packages/";
        const string Scripts = "python-scripts/";
        if (path.StartsWith(Modules, StringComparison.Ordinal))
        {
            return $"{SitePackages}/{path[Modules.Length..]}";
        }
        return path.StartsWith(Scripts, StringComparison.Ordinal)
            ? $"{(platform.IsWindows ? "Scripts" : "bin")}/{path[Scripts.Length..]}"
            : path;
    }
}
