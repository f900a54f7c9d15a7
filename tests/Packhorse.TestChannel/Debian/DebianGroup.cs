using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Packhorse.TestChannel;

/// <summary>The Debian packages that become one conda package: those of one source, under the name it has in conda.</summary>
internal sealed partial class DebianGroup
{
    private static readonly Dictionary<string, string> CondaNames = new(StringComparer.Ordinal)
    {
        ["e2fsprogs"] = "libcom-err",
        ["expat"] = "libexpat",
        ["python3-defaults"] = "python",
        ["python3-stdlib-extensions"] = "python",
        ["sqlite3"] = "libsqlite",
        ["util-linux"] = "libuuid",
        ["xz-utils"] = "xz",
        ["zlib"] = "libzlib",
    };

    private DebianGroup(string name, IReadOnlyList<DebianPackage> packages)
    {
        Name = name;
        Packages = packages;
    }

    /// <summary>Of the conda package.</summary>
    public string Name { get; }

    /// <summary>Sorted by name.</summary>
    public IReadOnlyList<DebianPackage> Packages { get; }

    /// <summary>Upstream's version, in letters that conda allows.</summary>
    public string Version => UpstreamVersion(MainPackage.Version);

    /// <summary>Seven digits that change with any of the Debian packages.</summary>
    public string Hash
    {
        get
        {
            string digests = string.Concat(Packages.Select(package => $"{package.Sha256}\n"));
            return Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(digests)))[..7];
        }
    }

    public bool IsArchitectureAll => Packages.All(package => package.IsArchitectureAll);

    // python's is the one whose version is the interpreter's, not that of Debian's defaults.
    private DebianPackage MainPackage =>
        Packages.FirstOrDefault(package => PythonMinimal().IsMatch(package.Name)) ?? Packages[0];

    /// <summary>Sorted by the names of the groups.</summary>
    /// <param name="nameOf">The group of a package.</param>
    public static List<DebianGroup> Make(IEnumerable<DebianPackage> packages, Func<DebianPackage, string> nameOf) =>
        [
            .. packages
                .GroupBy(nameOf, StringComparer.Ordinal)
                .OrderBy(group => group.Key, StringComparer.Ordinal)
                .Select(group => new DebianGroup(
                    group.Key,
                    [.. group.OrderBy(package => package.Name, StringComparer.Ordinal)]
                )),
        ];

    /// <summary>Names of the groups that this one depends on, sorted, without itself.</summary>
    /// <param name="owners">The group of each Debian package.</param>
    public IEnumerable<string> DependsOn(IReadOnlyDictionary<string, DebianGroup> owners) =>
        Packages
            .SelectMany(package => package.Depends)
            .Select(choice => choice.Select(owners.GetValueOrDefault).FirstOrDefault(owner => owner is not null)?.Name)
            .OfType<string>()
            .Where(name => name != Name)
            .Distinct()
            .Order(StringComparer.Ordinal);

    // "2:1.21.12+dfsg-1+b2" -> "1.21.12"
    internal static string UpstreamVersion(string version)
    {
        int epoch = version.IndexOf(':', StringComparison.Ordinal);
        int revision = version.LastIndexOf('-');
        string upstream = version[(epoch + 1)..(revision > epoch ? revision : version.Length)];
        upstream = Repacked()
            .Replace(upstream, "")
            .Replace('~', '.')
            .Replace('-', '.')
            .ToLower(CultureInfo.InvariantCulture);
        return upstream.Trim('.', '_');
    }

    /// <summary>The name that most of conda's channels have for what is built from a package's source.</summary>
    public static string CondaName(DebianPackage package)
    {
        string source = package.Source;
        if (CondaNames.TryGetValue(source, out string? name))
        {
            return name;
        }
        if (PythonSource().IsMatch(source))
        {
            return "python";
        }
        if (GccSource().IsMatch(source))
        {
            bool isLibrary = package.Name.StartsWith("lib", StringComparison.Ordinal);
            return isLibrary && !package.Name.EndsWith("-dev", StringComparison.Ordinal) ? "libgcc" : "gcc";
        }
        return PythonModule().Replace(source, "").Replace("+", "plus", StringComparison.Ordinal);
    }

    [GeneratedRegex(@"^python3\.\d+$")]
    private static partial Regex PythonSource();

    [GeneratedRegex(@"^python3\.\d+-minimal$")]
    private static partial Regex PythonMinimal();

    [GeneratedRegex("^python3?-")]
    private static partial Regex PythonModule();

    [GeneratedRegex(@"^gcc-\d+$")]
    private static partial Regex GccSource();

    // What Debian adds when it leaves files out or takes a snapshot.
    [GeneratedRegex(@"[+.~](dfsg|ds|deb|repack|really|git|svn|gb)\w*.*$")]
    private static partial Regex Repacked();
}
