using System.Text.Json;

namespace Packhorse.Model;

/// <summary>How a package without machine code is installed (CEP 20, index.json <c>noarch</c>).</summary>
public enum NoArchKind
{
    None,
    Generic,
    Python,
}

/// <summary>
/// What a channel, a lock file or a package's own index.json says of one conda package (CEP 34, CEP 36). Members that are absent
/// are null or empty; the JSON form is <see cref="PackageRecordJson"/>.
/// </summary>
public sealed record PackageRecord
{
    /// <summary>What stands in place of a build for wheels, which no conda package may have; conda has the same for them.</summary>
    public const string WheelBuild = "pypi_0";

    /// <inheritdoc cref="WheelBuild"/>
    public const string WheelSubdir = "pypi";

    public required string Name { get; init; }

    public required string Version { get; init; }

    public required string Build { get; init; }

    public ulong BuildNumber { get; init; }

    public required string Subdir { get; init; }

    public string? Arch { get; init; }

    public string? Platform { get; init; }

    public NoArchKind NoArch { get; init; }

    public IReadOnlyList<string> Depends { get; init; } = [];

    public IReadOnlyList<string> Constrains { get; init; } = [];

    public IReadOnlyList<string> TrackFeatures { get; init; } = [];

    public string? Features { get; init; }

    public string? License { get; init; }

    public string? LicenseFamily { get; init; }

    public Digest? Sha256 { get; init; }

    public Md5Digest? Md5 { get; init; }

    /// <summary>Bytes of the package file.</summary>
    public long? Size { get; init; }

    public string? LegacyBz2Md5 { get; init; }

    public long? LegacyBz2Size { get; init; }

    /// <summary>Milliseconds since 1970.</summary>
    public long? Timestamp { get; init; }

    /// <summary>Null: not known. Empty: known to be none.</summary>
    public IReadOnlyList<string>? Purls { get; init; }

    /// <summary>CEP 17, only on python itself: for example <c>lib/python3.13t/site-packages</c>.</summary>
    public string? PythonSitePackagesPath { get; init; }

    /// <summary>Written out as it was read.</summary>
    public JsonElement? RunExports { get; init; }

    /// <summary>Written out as it was read.</summary>
    public JsonElement? ExtraDepends { get; init; }

    /// <summary>Written out as it was read.</summary>
    public JsonElement? Flags { get; init; }

    /// <summary><c>name-version-build</c>, the stem of the file and of the conda-meta record.</summary>
    public string DistributionName => $"{Name}-{Version}-{Build}";

    /// <summary>A Python package as a wheel, not a conda package.</summary>
    public bool IsWheel => Build == WheelBuild;

    public ExpectedContent Content => new(Size, Sha256, Md5);

    public override string ToString() => $"{Name}={Version}={Build}";

    /// <summary>Seconds or milliseconds, as channels have both, to milliseconds.</summary>
    public static long NormalizeTimestamp(long timestamp) =>
        timestamp > 253_402_300_799 ? timestamp : checked(timestamp * 1000);
}
