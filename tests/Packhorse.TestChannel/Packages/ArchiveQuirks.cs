namespace Packhorse.TestChannel;

/// <summary>What is unusual, or broken on purpose, in the archive of a package; nothing by default.</summary>
public sealed record ArchiveQuirks
{
    /// <summary>As before 2017: <c>info/files</c>, <c>has_prefix</c> and <c>no_link</c>, but no <c>info/paths.json</c>.</summary>
    public bool OmitPathsJson { get; init; }

    /// <summary>Of .conda: no <c>metadata.json</c>.</summary>
    public bool OmitMetadataJson { get; init; }

    /// <summary>Of .conda: <c>info-….tar.zst</c> stands before <c>pkg-….tar.zst</c>.</summary>
    public bool InfoBeforePkg { get; init; }

    /// <summary>Of .conda: no <c>pkg-….tar.zst</c> at all.</summary>
    public bool OmitPkg { get; init; }

    /// <summary>Of .conda: the directory in the zip in which all members stand, <c>some/where/</c>.</summary>
    public string MemberDirectory { get; init; } = "";

    public ZipMemberOptions Zip { get; init; } = new();

    public ZstdOptions Zstd { get; init; } = new();

    public TarFormat TarFormat { get; init; } = TarFormat.UstarPax;
}
