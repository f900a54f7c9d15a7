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

    private const string Cuda = "__cuda";
    private const string Archspec = "__archspec";

    // conda-forge's way to want a level of x86-64: its version is the level.
    private const string MicroArchitecture = "_x86_64-microarch-level";
    private const string LevelPrefix = "x86_64_v";

    // Which level has what a processor has, at the least (archspec, "microarchitectures.json"): the names of level 1, of level 2, and so on.
    private static readonly string[] ProcessorsOfLevels =
    [
        "x86_64 nocona core2 k10",
        "nehalem westmere sandybridge ivybridge bulldozer piledriver steamroller",
        "haswell broadwell skylake mic_knl alderlake arrowlake arrowlake_s excavator zen zen2 zen3",
        "skylake_avx512 cannonlake cascadelake icelake sapphirerapids zen4 zen5",
    ];

    private readonly Dictionary<string, (string Version, string Build)> _known = new(StringComparer.Ordinal);

    // Looked for, and not there.
    private readonly HashSet<string> _absent = new(StringComparer.Ordinal);

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
        found.Add(Cuda, CudaOf(MachineFacts.NvidiaDriver));
        if (MachineFacts.NvidiaDriver is null)
        {
            found._absent.Add(Cuda);
        }
        if (MachineFacts.X86Level is { } level)
        {
            found._known.Add(Archspec, ("1", $"{LevelPrefix}{level}"));
        }
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
        _absent.Remove(parts[0]);
        if (parts[1].Length > 0)
        {
            _known.Add(parts[0], (parts[1], parts.Length > 2 ? parts[2] : "0"));
        }
        return this;
    }

    /// <summary>What packages want of a machine: <c>NAME DEPENDENCY</c> for the first package of each dependency, sorted by it.</summary>
    public static IReadOnlyList<string> Wanted(IEnumerable<PackageRecord> records)
    {
        var wanting = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (PackageRecord record in records)
        {
            IEnumerable<string> dependencies = record.Depends.Where(dependency =>
                dependency.StartsWith("__", StringComparison.Ordinal)
            );
            if (record.Name == MicroArchitecture)
            {
                dependencies = dependencies.Append($"{Archspec} 1 {LevelPrefix}{record.Version}");
            }
            foreach (string dependency in dependencies)
            {
                wanting.TryAdd(dependency, $"{record.Name} {dependency}");
            }
        }
        return [.. wanting.Values];
    }

    /// <summary>Sentences about what packages want of the machine and it does not have.</summary>
    public IReadOnlyList<string> Unmet(IEnumerable<PackageRecord> records) => Unmet(Wanted(records));

    /// <param name="wanted">As of <see cref="Wanted"/>.</param>
    /// <inheritdoc cref="Unmet(IEnumerable{PackageRecord})"/>
    public IReadOnlyList<string> Unmet(IReadOnlyList<string> wanted) =>
        [
            .. wanted
                .Select(text => text.Split(' ', 2))
                .Where(parts => parts.Length == 2 && IsUnmet(parts[1]))
                .Select(parts => Describe(parts[0], parts[1])),
        ];

    private bool IsUnmet(string dependency) =>
        NameOf(dependency) switch
        {
            Archspec => LevelOf(dependency) is { } level && MachineLevel is { } there && level > there,
            { } name when _absent.Contains(name) => true,
            _ => IsOfOtherVersion(dependency),
        };

    private bool IsOfOtherVersion(string dependency) =>
        MatchSpec.TryParse(dependency, out MatchSpec? spec)
        && _known.TryGetValue(spec.Name, out (string Version, string Build) there)
        && !spec.Matches(there.Version, there.Build);

    private string Describe(string package, string dependency)
    {
        string name = NameOf(dependency);
        return name switch
        {
            Archspec =>
                $"{package} wants a processor of x86-64 level {LevelOf(dependency)}{Example(dependency)}, this machine's has level {MachineLevel}: programs will end with illegal instructions",
            _ when _absent.Contains(name) =>
                $"{package} wants {dependency}, this machine has no NVIDIA driver loaded: programs will not use a GPU",
            _ => $"{package} wants {dependency}, this machine has {_known[name].Version}: programs may not start",
        };
    }

    private int? MachineLevel =>
        _known.TryGetValue(Archspec, out (string Version, string Build) known) ? LevelOf(known.Build) : null;

    // The last word of "__archspec 1 x86_64_v3" or "__archspec=1=zen3". A processor that has the level may still lack what a named one has
    // beyond it, and of names that are not known, such as those of other architectures, nothing is said.
    private static int? LevelOf(string text)
    {
        string word = LastWord(text);
        if (word.StartsWith(LevelPrefix, StringComparison.Ordinal))
        {
            ReadOnlySpan<char> digits = word.AsSpan(LevelPrefix.Length);
            return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int level) ? level : null;
        }
        int at = Array.FindIndex(ProcessorsOfLevels, names => names.Split(' ').Contains(word));
        return at < 0 ? null : at + 1;
    }

    private static string Example(string dependency) =>
        LastWord(dependency) is var word && word.StartsWith(LevelPrefix, StringComparison.Ordinal)
            ? ""
            : $" ({EntryPath.Quote(word)})";

    private static string LastWord(string text) => text[(text.LastIndexOfAny([' ', '=']) + 1)..];

    private static string NameOf(string dependency) => dependency.Split(' ', '=', '<', '>', '!', '~')[0];

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
