using Packhorse.Conda;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Pack;

/// <summary>One package of a pack and what it takes.</summary>
/// <param name="PackedSize">Bytes of the package file.</param>
/// <param name="Size">Bytes of its files when installed; 0 for packages that do not tell.</param>
public sealed record PackageSummary(PackageRecord Record, string Path, long PackedSize, long Size, int Files);

/// <summary>What a pack holds and what unpacking it takes, without unpacking.</summary>
public sealed record PackSummary
{
    public required PackManifest Manifest { get; init; }

    /// <inheritdoc cref="PackContents.Identity"/>
    public required Digest Identity { get; init; }

    /// <summary>In the order of the pack; of a delta that was opened alone, what it holds itself.</summary>
    public required IReadOnlyList<PackageSummary> Packages { get; init; }

    /// <summary>
    /// What the packages want of the machine: dependencies on virtual packages (CEP 30) such as <c>__glibc >=2.17</c>, sorted.
    /// </summary>
    public required IReadOnlyList<string> VirtualPackages { get; init; }

    /// <summary>Packages without a digest.</summary>
    public required int Unverifiable { get; init; }

    public long PackedSize => Packages.Sum(package => package.PackedSize);

    public long Size => Packages.Sum(package => package.Size);

    public int Files => Packages.Sum(package => package.Files);

    /// <inheritdoc cref="VirtualPackages"/>
    internal static string[] VirtualPackagesOf(IEnumerable<PackageRecord> records) =>
        [
            .. records
                .SelectMany(record => record.Depends)
                .Where(dependency => dependency.StartsWith("__", StringComparison.Ordinal))
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal),
        ];

    /// <exception cref="CorruptDataException">A package is damaged where its lists are.</exception>
    public static PackSummary Read(PackContents pack, int workers, CancellationToken cancellation)
    {
        PackedPackage[] there = [.. pack.Packages.Where(package => pack.Holds(package.Path))];
        var packages = new PackageSummary[there.Length];
        Workers.Run(
            Enumerable.Range(0, packages.Length).ToArray(),
            workers,
            (index, _) =>
            {
                PackedPackage package = there[index];
                IRandomAccess member = pack.Member(package.Path);
                PackageInfo info = package.Describe(member, package.FileName).Info;
                packages[index] = new PackageSummary(
                    package.Record,
                    package.Path,
                    member.Length,
                    info.Paths.Sum(path => path.InstalledSize),
                    info.Paths.Count + info.EntryPoints.Count
                );
            },
            cancellation
        );
        return new PackSummary
        {
            Manifest = pack.Manifest,
            Identity = pack.Identity,
            Packages = packages,
            VirtualPackages = VirtualPackagesOf(pack.Packages.Select(package => package.Record)),
            Unverifiable = pack.Packages.Count(package => !package.Expected.IsVerifiable),
        };
    }
}
