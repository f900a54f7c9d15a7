using Packhorse.Conda;
using Packhorse.Install;
using Packhorse.Model;

namespace Packhorse.Pack;

/// <summary>
/// A package that came out of a stream before it was known which packages the pack has: its files lie in a directory of its own in the
/// stage, under their paths in the package and with the prefix in them, until the plan says where they go.
/// </summary>
internal sealed record StagedPackage
{
    /// <summary>In the pack.</summary>
    public required string Path { get; init; }

    /// <summary>Relative to the stage.</summary>
    public required string Directory { get; init; }

    public required PackageInfo Info { get; init; }

    /// <summary>How each path was installed, by its path in the package.</summary>
    public required IReadOnlyDictionary<string, LinkedPath> Linked { get; init; }

    /// <summary>What the bytes of the package file really were.</summary>
    public required ActualContent Content { get; init; }
}

/// <summary>Size and digests of bytes that went by.</summary>
/// <param name="Md5">Computed only where the SHA-256 that is expected was not known yet.</param>
internal readonly record struct ActualContent(long Size, Digest Sha256, Md5Digest? Md5)
{
    /// <exception cref="CorruptDataException">They are not what was expected.</exception>
    public void Check(ExpectedContent expected, string where)
    {
        if (expected.Size is { } size && size != Size)
        {
            throw new CorruptDataException(
                ErrorCodes.SizeMismatch,
                $"{where} has {Size:N0} bytes, {size:N0} were expected"
            )
            {
                Hint = "it is damaged: copy or download it again",
            };
        }
        if (expected.Sha256 is { } sha256)
        {
            if (sha256 != Sha256)
            {
                throw Mismatch(where, "SHA-256", sha256.ToString(), Sha256.ToString());
            }
        }
        else if (expected.Md5 is { } md5 && Md5 is { } actual && md5 != actual)
        {
            throw Mismatch(where, "MD5", md5.ToString(), actual.ToString());
        }
    }

    private static CorruptDataException Mismatch(string where, string kind, string expected, string actual) =>
        new(ErrorCodes.DigestMismatch, $"{where} is not what it should be: its {kind} is {actual}, expected {expected}")
        {
            Hint = "it is damaged: copy or download it again",
        };
}
