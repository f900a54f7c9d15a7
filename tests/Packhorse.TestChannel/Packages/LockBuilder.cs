using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Packhorse.Model;

namespace Packhorse.TestChannel;

/// <summary>
/// Writes a pixi.lock of version 6:
/// <code>
/// string text = new LockBuilder("https://channel.example/")
///     .Add(python, tqdm)                     // environment default, platform linux-64
///     .In("gpu", "linux-64").Add(torch)
///     .ToYaml();
/// </code>
/// </summary>
/// <param name="baseUrl">
/// What stands before <c>linux-64/FILE</c>: a <c>http</c> or <c>file</c> URL of a channel, or a path relative to the lock file
/// such as <c>./channel</c>.
/// </param>
public sealed partial class LockBuilder(string baseUrl)
{
    private readonly string _base = baseUrl.TrimEnd('/') + "/";
    private readonly SortedDictionary<
        string,
        SortedDictionary<string, List<(string Kind, string Location)>>
    > _environments = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, string> _packages = new(StringComparer.Ordinal);
    private (string Environment, string Platform) _current = ("default", Platform.Linux64.Subdir);

    /// <summary>Written as <c>indexes</c> of each environment that has wheels.</summary>
    public string PypiIndex { get; init; } = "https://pypi.org/simple";

    /// <summary>The environment and platform that packages are added to from now on.</summary>
    public LockBuilder In(string environment, string platform = "linux-64")
    {
        _current = (environment, platform);
        _ = Current;
        return this;
    }

    public LockBuilder Add(params IEnumerable<BuiltPackage> packages)
    {
        foreach (BuiltPackage package in packages)
        {
            Add(package.Record, package.FileName);
        }
        return this;
    }

    /// <param name="location">A URL, a path, or null for where the package stands in the channel.</param>
    public LockBuilder Add(PackageRecord record, string fileName, string? location = null)
    {
        location ??= $"{_base}{record.Subdir}/{fileName.Replace("!", "%21", StringComparison.Ordinal)}";
        Current.Add(("conda", location));
        _packages[$"conda {location}"] = CondaEntry(location, record);
        return this;
    }

    /// <param name="location">A URL, or a path relative to the lock file.</param>
    /// <param name="sha256">Null: the lock has none, as for wheels of some indexes.</param>
    public LockBuilder AddWheel(string location, string name, string version, Digest? sha256)
    {
        Current.Add(("pypi", location));
        string hash = sha256 is null ? "" : $"  sha256: {sha256}\n";
        _packages[$"pypi {location}"] =
            $"- pypi: {Scalar(location)}\n  name: {name}\n  version: {Scalar(version)}\n{hash}";
        return this;
    }

    public string ToYaml()
    {
        StringBuilder text = new("version: 6\nenvironments:\n");
        foreach ((string environment, var platforms) in _environments)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {environment}:\n    channels:\n    - url: {Scalar(_base)}\n");
            if (platforms.Values.Any(packages => packages.Exists(package => package.Kind == "pypi")))
            {
                text.Append(CultureInfo.InvariantCulture, $"    indexes:\n    - {Scalar(PypiIndex)}\n");
            }
            text.Append("    packages:\n");
            foreach ((string platform, var packages) in platforms)
            {
                text.Append(CultureInfo.InvariantCulture, $"      {platform}:{(packages.Count == 0 ? " []" : "")}\n");
                foreach ((string kind, string location) in packages.Order())
                {
                    text.Append(CultureInfo.InvariantCulture, $"      - {kind}: {Scalar(location)}\n");
                }
            }
        }
        text.Append(_packages.Count == 0 ? "packages: []\n" : "packages:\n");
        return text.AppendJoin("", _packages.Values).ToString();
    }

    private List<(string Kind, string Location)> Current
    {
        get
        {
            if (!_environments.TryGetValue(_current.Environment, out var platforms))
            {
                platforms = new(StringComparer.Ordinal);
                _environments.Add(_current.Environment, platforms);
            }
            if (!platforms.TryGetValue(_current.Platform, out var packages))
            {
                packages = [];
                platforms.Add(_current.Platform, packages);
            }
            return packages;
        }
    }

    // Members in the order in which pixi writes them; what it derives from the location is left out, as it does.
    private static string CondaEntry(string location, PackageRecord record)
    {
        StringBuilder text = new($"- conda: {Scalar(location)}\n");
        if (record.BuildNumber != DerivedBuildNumber(record.Build))
        {
            text.Append(CultureInfo.InvariantCulture, $"  build_number: {record.BuildNumber}\n");
        }
        Member("sha256", record.Sha256?.ToString());
        Member("md5", record.Md5?.ToString());
        Members("depends", record.Depends);
        Members("constrains", record.Constrains);
        NoArchKind derived =
            record.Subdir != "noarch" ? NoArchKind.None
            : record.Build.Contains("py", StringComparison.Ordinal) ? NoArchKind.Python
            : NoArchKind.Generic;
        if (record.NoArch != derived && record.NoArch != NoArchKind.None)
        {
            Member("noarch", record.NoArch == NoArchKind.Python ? "python" : "generic");
        }
        Members("track_features", record.TrackFeatures);
        Member("license", record.License);
        Member("license_family", record.LicenseFamily);
        Members("purls", record.Purls ?? [], evenIfEmpty: record.Purls is not null);
        Member("size", record.Size?.ToString(CultureInfo.InvariantCulture));
        Member("timestamp", record.Timestamp?.ToString(CultureInfo.InvariantCulture));
        Member("python_site_packages_path", record.PythonSitePackagesPath);
        return text.ToString();

        void Member(string name, string? value)
        {
            if (value is not null)
            {
                text.Append(
                    CultureInfo.InvariantCulture,
                    $"  {name}: {Scalar(value, name is "size" or "timestamp")}\n"
                );
            }
        }

        void Members(string name, IReadOnlyList<string> values, bool evenIfEmpty = false)
        {
            if (values.Count > 0)
            {
                text.Append(CultureInfo.InvariantCulture, $"  {name}:\n");
                values.ToList().ForEach(value => text.Append(CultureInfo.InvariantCulture, $"  - {Scalar(value)}\n"));
            }
            else if (evenIfEmpty)
            {
                text.Append(CultureInfo.InvariantCulture, $"  {name}: []\n");
            }
        }
    }

    private static ulong DerivedBuildNumber(string build)
    {
        string digits = TrailingDigits().Match(build).Value;
        return ulong.TryParse(digits, CultureInfo.InvariantCulture, out ulong number) ? number : 0;
    }

    // Plain where YAML 1.2 (7.3.3) surely reads it back as this string, else in double quotes.
    private static string Scalar(string value, bool number = false) =>
        number || PlainScalar().IsMatch(value)
            ? value
            : '"'
                + value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
                + '"';

    [GeneratedRegex("[0-9]*$")]
    private static partial Regex TrailingDigits();

    // No word or number of the core schema (10.2), no indicator at the start, no ": " and no " #" within.
    [GeneratedRegex(
        @"^(?!(true|false|yes|no|on|off|null|y|n|[-+]?[0-9._-]+(e[-+]?[0-9]*)?|0[xo][0-9a-f]+)$)"
            + @"[A-Za-z0-9./_](([^\x00-\x1F#:]|:(?! |$)|(?<! )#)*[^\s#:])?$",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture
    )]
    private static partial Regex PlainScalar();
}
