using Packhorse.Model;

namespace Packhorse.TestChannel;

/// <summary>A package archive and what is known of it.</summary>
/// <param name="Record">As index.json has it, with the archive's size, sha256 and md5.</param>
/// <param name="Content">The archive, in memory or in a file.</param>
public sealed record BuiltPackage(PackageRecord Record, PackageArchiveKind Kind, FileContent Content)
{
    /// <summary><c>name-version-build.conda</c> or <c>.tar.bz2</c>.</summary>
    public string FileName => FileNameOf(Record, Kind).ToString();

    /// <summary><c>linux-64/name-version-build.conda</c>, as it stands in a channel.</summary>
    public string RelativePath => $"{Record.Subdir}/{FileName}";

    public byte[] ToArray() => Content.ToArray();

    internal static PackageFileName FileNameOf(PackageRecord record, PackageArchiveKind kind) =>
        new(record.Name, record.Version, record.Build, kind);
}
