using Packhorse.Model;

namespace Packhorse.Lock;

/// <summary>One package of a lock file, whatever the version of the format.</summary>
public abstract record LockedPackage
{
    private protected LockedPackage() { }

    /// <summary>For conda as the lock has it; for PyPI normalized (PEP 503).</summary>
    public required string Name { get; init; }

    public required PackageLocation Location { get; init; }

    /// <summary>Conda archives, then conda sources, then PyPI.</summary>
    private protected abstract int KindOrder { get; }

    private protected virtual string SortKey => Location.SortKey;

    /// <summary>The order in which pixi writes packages: by kind, then by location as UTF-8 bytes.</summary>
    internal static int Compare(LockedPackage left, LockedPackage right)
    {
        int kind = left.KindOrder.CompareTo(right.KindOrder);
        return kind != 0 ? kind : CompareUtf8(left.SortKey, right.SortKey);
    }

    // Ordinal comparison is by UTF-16 unit, which puts U+FFFF after U+10000.
    private static int CompareUtf8(string left, string right)
    {
        int same = left.AsSpan().CommonPrefixLength(right);
        if (same == left.Length || same == right.Length)
        {
            return left.Length.CompareTo(right.Length);
        }
        char a = left[same];
        char b = right[same];
        return char.IsSurrogate(a) != char.IsSurrogate(b) ? (char.IsSurrogate(a) ? 1 : -1) : a.CompareTo(b);
    }
}

/// <summary>A conda archive, ready to be brought.</summary>
public sealed record LockedCondaPackage : LockedPackage
{
    /// <summary>What the lock file leaves out is derived from the location.</summary>
    public required PackageRecord Record { get; init; }

    /// <summary>Percent-decoded; ends in <c>.conda</c> or <c>.tar.bz2</c>; one safe path component.</summary>
    public required string FileName { get; init; }

    /// <summary>URL with a slash at its end; may hold credentials. Null where only a path is known.</summary>
    public string? Channel { get; init; }

    private protected override int KindOrder => 0;
}

/// <summary>A conda package that has to be built first.</summary>
public sealed record LockedCondaSource : LockedPackage
{
    /// <summary>Null where the lock was written before the package was evaluated.</summary>
    public string? Version { get; init; }

    public string? Build { get; init; }

    public string? Subdir { get; init; }

    /// <summary><c>name[hash] @ location</c>; before version 7 without the hash.</summary>
    public required string Identifier { get; init; }

    /// <summary>
    /// Where the code is, when not at <see cref="LockedPackage.Location"/>: for people, for example
    /// <c>https://host/project.git (tag v1, rev 0123)</c>.
    /// </summary>
    public string? CodeSource { get; init; }

    private protected override int KindOrder => 1;

    private protected override string SortKey => Identifier;
}

/// <summary>A Python package from an index, a URL or a path: a wheel, a source archive or a directory.</summary>
public sealed record LockedPypiPackage : LockedPackage
{
    /// <summary>Null for directories and source archives in version 7.</summary>
    public string? Version { get; init; }

    public Digest? Sha256 { get; init; }

    public Md5Digest? Md5 { get; init; }

    /// <summary>PEP 508 requirements as they are written.</summary>
    public IReadOnlyList<string> RequiresDist { get; init; } = [];

    public string? RequiresPython { get; init; }

    public bool Editable { get; init; }

    /// <summary>Percent-decoded; one safe path component. Null for a location such as <c>./</c>.</summary>
    public string? FileName => Location.FileName;

    public bool IsWheel => FileName?.EndsWith("whl", StringComparison.Ordinal) == true;

    private protected override int KindOrder => 2;
}
