using Packhorse.Codecs;
using Packhorse.Model;
using Packhorse.Pack;

namespace Packhorse.Packing;

/// <summary>The order of a pack's members.</summary>
public enum PackLayoutKind
{
    /// <summary>Manifest and lists first, so that a pack can be checked and unpacked while it arrives.</summary>
    Packhorse,

    /// <summary>Order and bytes of pixi-pack, without our manifest.</summary>
    Upstream,
}

/// <summary>One entry of a pack: a directory, a document made here, or a package.</summary>
public sealed record LayoutEntry
{
    public required string Path { get; init; }

    /// <summary>A document's bytes.</summary>
    public byte[]? Content { get; init; }

    /// <summary>A package.</summary>
    public PlannedMember? Member { get; init; }

    public bool IsDirectory => Content is null && Member is null;

    /// <summary>Bytes of the content.</summary>
    public required long Size { get; init; }

    /// <summary>Where in the tar the entry's header begins.</summary>
    public long HeaderOffset { get; init; }

    public byte[] Header => IsDirectory ? TarHeader.ForDirectory(Path) : TarHeader.ForFile(Path, Size);

    /// <summary>Where in the tar the content begins.</summary>
    public long ContentOffset => HeaderOffset + TarHeader.Length(Path);
}

/// <summary>Every entry of a pack and its place in the tar, known before a package is read.</summary>
public sealed class PackLayoutPlan
{
    private PackLayoutPlan(IReadOnlyList<LayoutEntry> entries, long tarLength, RuntimeImage? runtime)
    {
        Entries = entries;
        TarLength = tarLength;
        if (runtime is not null)
        {
            LayoutEntry manifest = entries.Single(entry => entry.Path == PackManifest.Path);
            Executable = new SelfExtractingHeader
            {
                Platform = runtime.Platform,
                RuntimeBytes = runtime.Padded.Length,
                RuntimeSha256 = runtime.Sha256,
                PayloadBytes = tarLength,
                ManifestSha256 = Sha256.Hash(manifest.Content!),
            };
        }
    }

    public IReadOnlyList<LayoutEntry> Entries { get; }

    /// <summary>Bytes of the whole tar.</summary>
    public long TarLength { get; }

    /// <summary>Packages that are in it.</summary>
    public int Packages => Entries.Count(entry => entry.Member is not null);

    /// <summary>Of a self-extracting file; null for a bare tar.</summary>
    public SelfExtractingHeader? Executable { get; }

    /// <summary>Where in the file the tar begins.</summary>
    public long TarOffset => Executable?.PayloadOffset ?? 0;

    /// <summary>Bytes of the whole file.</summary>
    public long FileLength => Executable?.TotalBytes ?? TarLength;

    /// <param name="contents">Size and SHA-256 of every member, in the order of the plan.</param>
    public static PackLayoutPlan Create(PackRequest request, IReadOnlyList<ExpectedContent> contents)
    {
        PackPlan plan = request.Plan;
        List<LayoutEntry> documents = MakeDocuments(plan);
        IEnumerable<LayoutEntry> packages = plan
            .Members.Zip(contents)
            .Where(pair => request.Since?.Holds(pair.First.Path, pair.Second) != true)
            .Select(pair => new LayoutEntry
            {
                Path = pair.First.Path,
                Member = pair.First,
                Size = pair.Second.Size!.Value,
            });
        IEnumerable<LayoutEntry> ordered =
            request.Layout == PackLayoutKind.Upstream
                ? InUpstreamOrder(plan, documents, packages)
                : InOwnOrder(request, documents, packages, contents);
        return Place(ordered, request.Runtime);
    }

    private static List<LayoutEntry> MakeDocuments(PackPlan plan)
    {
        var documents = new List<LayoutEntry>();
        foreach (
            IGrouping<string, PlannedMember> subdir in plan
                .CondaMembers.GroupBy(member => member.Record.Subdir)
                .OrderBy(group => group.Key, StringComparer.Ordinal)
        )
        {
            documents.Add(Document(PackLayout.RepodataPath(subdir.Key), PackDocuments.Repodata(subdir.Key, subdir)));
        }
        byte[] environment = PackDocuments.EnvironmentYml(plan.Members);
        documents.Add(Document(PackLayout.EnvironmentFile, environment));
        return documents;
    }

    // The manifest is the first member; each repodata.json and the packages follow their directories.
    private static IEnumerable<LayoutEntry> InOwnOrder(
        PackRequest request,
        List<LayoutEntry> documents,
        IEnumerable<LayoutEntry> packages,
        IReadOnlyList<ExpectedContent> contents
    )
    {
        PackPlan plan = request.Plan;
        IEnumerable<PackMember> members = documents
            .Select(document => PackDocuments.Describe(document.Path, document.Content!))
            .Concat(
                plan.Members.Zip(
                    contents,
                    (member, content) =>
                        new PackMember(member.Path, content.Size!.Value, content.Sha256!.Value, member.Origin)
                        {
                            IsDirect = member.IsDirect,
                        }
                )
            )
            .OrderBy(member => member.Path, StringComparer.Ordinal);
        byte[] whole = PackDocuments.Manifest(plan.Platform, plan.Environment, [.. members]);
        if (request.Since is { } since)
        {
            byte[] delta = PackDocuments.DeltaManifest(plan.Platform, since.Describe(Sha256.Hash(whole)));
            yield return Document(PackManifest.Path, delta);
            yield return Document(PackDelta.WholeManifest, whole);
        }
        else
        {
            yield return Document(PackManifest.Path, whole);
        }
        foreach (string directory in Directories(plan))
        {
            yield return Directory(directory);
        }
        foreach (LayoutEntry document in documents)
        {
            yield return document;
        }
        foreach (LayoutEntry package in packages.OrderBy(entry => entry.Path, StringComparer.Ordinal))
        {
            yield return package;
        }
    }

    // Depth first, the names of each directory as bytes.
    private static IEnumerable<LayoutEntry> InUpstreamOrder(
        PackPlan plan,
        List<LayoutEntry> documents,
        IEnumerable<LayoutEntry> packages
    )
    {
        LayoutEntry manifest = Document(
            PackManifest.Path,
            PackDocuments.Manifest(plan.Platform, plan.Environment, null)
        );
        return Directories(plan)
            .Select(Directory)
            .Concat(documents)
            .Concat(packages)
            .Append(manifest)
            // "/" sorts before every character of a name, so that a directory's entries stay together.
            .OrderBy(entry => entry.Path.Replace('/', '\u0001'), StringComparer.Ordinal);
    }

    private static IEnumerable<string> Directories(PackPlan plan) =>
        plan
            .CondaMembers.Select(member => $"{PackLayout.ChannelDirectory}/{member.Record.Subdir}")
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)
            .Prepend(PackLayout.ChannelDirectory)
            .Concat(plan.Wheels.Any() ? [PackLayout.WheelDirectory] : []);

    private static LayoutEntry Directory(string path) => new() { Path = path, Size = 0 };

    private static LayoutEntry Document(string path, byte[] content) =>
        new()
        {
            Path = path,
            Content = content,
            Size = content.Length,
        };

    private static PackLayoutPlan Place(IEnumerable<LayoutEntry> entries, RuntimeImage? runtime)
    {
        long offset = 0;
        var placed = new List<LayoutEntry>();
        foreach (LayoutEntry entry in entries)
        {
            LayoutEntry at = entry with { HeaderOffset = offset };
            placed.Add(at);
            offset = checked(at.ContentOffset + TarHeader.PaddedLength(at.Size));
        }
        return new PackLayoutPlan(placed, offset + TarHeader.EndBytes, runtime);
    }
}
