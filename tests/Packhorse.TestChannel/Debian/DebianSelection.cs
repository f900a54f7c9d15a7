using System.Text.RegularExpressions;

namespace Packhorse.TestChannel;

/// <summary>The Debian packages that a channel is made from, and what follows from the release they come from.</summary>
internal sealed partial record DebianSelection
{
    private DebianSelection(IReadOnlyList<DebianPackage> packages, string python, string glibc)
    {
        Packages = packages;
        Groups = DebianGroup.Make(packages, DebianGroup.CondaName);
        Layout = new PrefixLayout(Machine.Triple, python);
        Glibc = glibc;
    }

    /// <summary>Sorted by name.</summary>
    public IReadOnlyList<DebianPackage> Packages { get; }

    public IReadOnlyList<DebianGroup> Groups { get; init; }

    public PrefixLayout Layout { get; }

    /// <summary>The C library's version that the packages were built for: <c>2.36</c>.</summary>
    public string Glibc { get; }

    /// <summary>What changes when any of the packages does.</summary>
    public IEnumerable<string> Inputs =>
        Packages.Select(package => $"{package.Name} {package.Version} {package.Sha256}").Append(Machine.Triple);

    /// <summary>The seeds with all that they depend on, but the C library, which is the machine's in every conda environment.</summary>
    /// <exception cref="MissingToolException">apt does not know a seed.</exception>
    public static DebianSelection Of(IReadOnlyList<string> seeds)
    {
        Dictionary<string, DebianPackage> closure = Apt.Closure(seeds, OfTheMachine());
        string? stdlib = closure.Keys.FirstOrDefault(name => Stdlib().IsMatch(name));
        if (stdlib is null || !Apt.Show(["libc6"]).TryGetValue("libc6", out DebianPackage? libc))
        {
            throw new MissingToolException("apt knows no libc6, or its python3 has no library", "run 'apt-get update'");
        }
        return new DebianSelection(
            [.. closure.Values.OrderBy(package => package.Name, StringComparer.Ordinal)],
            Stdlib().Match(stdlib).Groups["version"].Value,
            DebianGroup.UpstreamVersion(libc.Version)
        );
    }

    [GeneratedRegex(@"^libpython(?<version>3\.\d+)-stdlib$", RegexOptions.ExplicitCapture)]
    private static partial Regex Stdlib();

    // Libraries and headers of the C library, and what only serves to configure a Debian system.
    [GeneratedRegex(
        @"^(libc6|libc6-dev|libc-dev|libc-bin|linux-libc-dev|libcrypt-dev|debconf.*|cdebconf|dpkg|debianutils|media-types|mailcap"
            + @"|mime-support|install-info|gcc-\d+-base|perl|perl-base|sensible-utils|adduser|passwd|init-system-helpers"
            + @"|libpam.*|libaudit.*|libsemanage.*|lsb-base|netbase|rpcsvc-proto|sysvinit-utils|ucf|usrmerge|libnsl-dev|libtirpc-dev)$"
    )]
    private static partial Regex OfTheMachine();
}
