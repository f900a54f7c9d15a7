using System.Buffers;
using System.Globalization;
using Packhorse.Model;
using Packhorse.Model.Matching;
using Packhorse.Os;

namespace Packhorse.Install;

/// <summary>
/// What a machine offers that packages depend on but no channel has (CEP 30): <c>__glibc</c>, <c>__linux</c>,
/// <c>__cuda</c>. Those that cannot be told are not judged.
/// </summary>
public sealed class VirtualPackages
{
    // The version of CUDA that a driver brings, by the first number of the driver's (CUDA release notes, "CUDA Toolkit and Corresponding Driver Versions").
    private static readonly (int Driver, string Cuda)[] CudaOfDrivers =
    [
        (580, "13.0"),
        (575, "12.9"),
        (570, "12.8"),
        (560, "12.6"),
        (555, "12.5"),
        (550, "12.4"),
        (545, "12.3"),
        (535, "12.2"),
        (530, "12.1"),
        (525, "12.0"),
        (520, "11.8"),
        (515, "11.7"),
        (510, "11.6"),
        (495, "11.5"),
        (470, "11.4"),
        (465, "11.3"),
        (460, "11.2"),
        (455, "11.1"),
        (450, "11.0"),
        (440, "10.2"),
    ];

    private static readonly SearchValues<char> DigitsAndPoint = SearchValues.Create("0123456789.");

    private readonly Dictionary<string, (string Version, string Build)> _known = new(StringComparer.Ordinal);

    /// <summary>Nothing is known of the machine.</summary>
    public static VirtualPackages Unknown => new();

    /// <summary>Of the machine at hand. Nothing but the names that Linux has.</summary>
    public static VirtualPackages Detect()
    {
        var found = new VirtualPackages();
        if (!OperatingSystem.IsLinux())
        {
            return found;
        }
        found.Add("__unix", "0");
        found.Add("__linux", Leading(MachineFacts.KernelRelease));
        found.Add("__glibc", MachineFacts.GlibcVersion);
        found.Add("__cuda", CudaOf(MachineFacts.NvidiaDriver));
        return found;
    }

    /// <param name="assignment"><c>NAME=VERSION</c> or <c>NAME=VERSION=BUILD</c>, as <c>__glibc=2.28</c>; without a version: not judged.</param>
    /// <exception cref="UsageException">It is none.</exception>
    public VirtualPackages With(string assignment)
    {
        string[] parts = assignment.Split('=', 3);
        bool isOne = parts[0].StartsWith("__", StringComparison.Ordinal) && parts.Length >= 2;
        if (!isOne || (parts[1].Length > 0 && !CondaVersion.TryParse(parts[1], out _)))
        {
            throw new UsageException(
                ErrorCodes.BadArguments,
                $"{EntryPath.Quote(assignment)} is no virtual package with a version"
            )
            {
                Hint = "it looks like __glibc=2.28 or __cuda=12.4; __cuda= stops it from being looked at",
            };
        }
        _known.Remove(parts[0]);
        if (parts[1].Length > 0)
        {
            _known.Add(parts[0], (parts[1], parts.Length > 2 ? parts[2] : "0"));
        }
        return this;
    }

    /// <summary>Sentences about what packages want of the machine and it does not have.</summary>
    public IReadOnlyList<string> Unmet(IEnumerable<PackageRecord> records)
    {
        var wanting = new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (PackageRecord record in records)
        {
            foreach (string dependency in record.Depends.Where(IsUnmet))
            {
                if (!wanting.TryGetValue(dependency, out List<string>? names))
                {
                    wanting.Add(dependency, names = []);
                }
                names.Add(record.Name);
            }
        }
        return [.. wanting.Select(pair => Describe(pair.Key, pair.Value))];
    }

    private bool IsUnmet(string dependency) =>
        dependency.StartsWith("__", StringComparison.Ordinal)
        && MatchSpec.TryParse(dependency, out MatchSpec? spec)
        && _known.TryGetValue(spec.Name, out (string Version, string Build) there)
        && !spec.Matches(there.Version, there.Build);

    private string Describe(string dependency, List<string> names)
    {
        string name = dependency.Split(' ', '=', '<', '>', '!', '~')[0];
        string who = names.Count > 1 ? $"{names[0]} and {names.Count - 1} more want" : $"{names[0]} wants";
        return $"{who} {dependency}, this machine has {_known[name].Version}: programs may not start";
    }

    private void Add(string name, string? version)
    {
        if (version is not null && CondaVersion.TryParse(version, out _))
        {
            _known.Add(name, (version, "0"));
        }
    }

    // "6.1.0-18-amd64" is the version 6.1.0.
    private static string? Leading(string? release)
    {
        int end = release.AsSpan().IndexOfAnyExcept(DigitsAndPoint);
        return end < 0 ? release : release![..end].TrimEnd('.');
    }

    private static string? CudaOf(string? driver) =>
        int.TryParse(driver?.Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int major)
            ? CudaOfDrivers.FirstOrDefault(pair => pair.Driver <= major).Cuda
            : null;
}
