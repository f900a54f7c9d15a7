using Packhorse.Codecs;
using Packhorse.Fetch;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Pack;
using Packhorse.Signing;

namespace Packhorse.Publish;

/// <summary>What a published file turned out to be.</summary>
public enum PublishedState
{
    /// <summary>Its content is what its name says.</summary>
    Right,

    /// <summary>Likewise, and a newer one of that name with another hash is there.</summary>
    Older,

    /// <summary>Its content is not what its name says.</summary>
    Broken,

    /// <summary>Left by a publish that was killed.</summary>
    LeftOver,

    /// <summary>A publish is bringing it just now.</summary>
    OnItsWay,

    /// <summary>Its name says nothing of its content.</summary>
    Unnamed,

    /// <summary>An image elsewhere whose root is what its name says; its content was not compared with the root.</summary>
    NamedByRoot,

    /// <summary>The signature of a file that is there; on this machine the two were compared.</summary>
    Signature,
}

/// <param name="Path">As people write it, with the machine where it is another one; or a URL.</param>
/// <param name="Modified">When it was placed.</param>
public sealed record PublishedFile(string Path, PublishedState State, long Size, DateTimeOffset Modified)
{
    /// <summary>The line of a shell that removes it.</summary>
    public required string Removal { get; init; }
}

/// <summary>What is in a directory that files are published to. Nothing is changed.</summary>
public static class PublishedFiles
{
    /// <summary>Of a directory of a federation: each file is read from its origin, as far as the origin lists them.</summary>
    /// <exception cref="NotFoundException">There is no such directory.</exception>
    /// <exception cref="OperationFailedException">The federation does not list what is in it.</exception>
    public static async Task<IReadOnlyList<PublishedFile>> ReadAsync(
        PelicanUrl directory,
        FederationAccess access,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        var files = new List<PublishedFile>();
        foreach (
            ListedObject listed in await new FederationListing(access, reporter)
                .ReadAsync(directory, cancellation)
                .ConfigureAwait(false)
        )
        {
            string url = directory.Child(listed.Name).ToString();
            files.Add(
                new PublishedFile(
                    url,
                    await StateOfAsync(directory.Child(listed.Name), listed, access, reporter, cancellation)
                        .ConfigureAwait(false),
                    listed.Size,
                    listed.Modified
                )
                {
                    Removal = $"pelican object delete {ShellText.Quote(url)}",
                }
            );
        }
        return InContext(files);
    }

    /// <exception cref="NotFoundException">There is no such directory.</exception>
    public static IReadOnlyList<PublishedFile> Read(
        string directory,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        string absolute = FileTree.Absolute(directory);
        var files = new List<PublishedFile>();
        foreach (string name in FileTree.List(absolute))
        {
            cancellation.ThrowIfCancellationRequested();
            string path = Path.Combine(absolute, name);
            if (FileTree.KindOf(path) == FileKind.File)
            {
                files.Add(
                    new PublishedFile(
                        path,
                        StateOf(path, name, reporter, cancellation),
                        FileTree.SizeOf(path),
                        FileTree.ModifiedAt(path)
                    )
                    {
                        Removal = $"rm -f {ShellText.Quote(path)}",
                    }
                );
            }
        }
        return InContext(files);
    }

    private static async Task<PublishedState> StateOfAsync(
        PelicanUrl url,
        ListedObject listed,
        FederationAccess access,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        if (NameHash.Find(listed.Name) is not { } hash)
        {
            return PublishedState.Unnamed;
        }
        reporter.BeginStage($"Reading {listed.Name}", 1, listed.Size);
        var reader = new OriginReader(access, reporter);
        if (await reader.FindAsync(url, cancellation).ConfigureAwait(false) is not { } stored)
        {
            // Gone since it was listed, or not to be had by that name: there is nothing that is right.
            return PublishedState.Broken;
        }
        (FetchedContent content, Digest? root) = await reader
            .ReadAsync(stored, listed.Name, expected: null, cancellation)
            .ConfigureAwait(false);
        return hash.Fits(content.Sha256) ? PublishedState.Right
            : root is { } known && hash.Fits(known) ? PublishedState.NamedByRoot
            : PublishedState.Broken;
    }

    private static PublishedState StateOf(string path, string name, IReporter reporter, CancellationToken cancellation)
    {
        if (TemporaryNames.IsOne(name))
        {
            return OutputFile.IsBeingWritten(path) ? PublishedState.OnItsWay : PublishedState.LeftOver;
        }
        if (NameHash.Find(name) is not { } hash)
        {
            return StateOfUnnamed(path, reporter, cancellation);
        }
        using InputFile file = InputFile.Open(path);
        reporter.BeginStage($"Reading {name}", 1, file.Length);
        Digest digest = ContentDigest.Of(file, reporter, cancellation);
        return hash.Fits(digest) || IsNamedByRoot(path, hash, reporter, cancellation)
            ? PublishedState.Right
            : PublishedState.Broken;
    }

    private static PublishedState StateOfUnnamed(string path, IReporter reporter, CancellationToken cancellation)
    {
        if (SignedBy(path) is not { } signed || FileTree.KindOf(signed) != FileKind.File)
        {
            return PublishedState.Unnamed;
        }
        try
        {
            FileSignature.RequireOf(signed, path, reporter, cancellation);
            return PublishedState.Signature;
        }
        catch (CorruptDataException)
        {
            return PublishedState.Broken;
        }
    }

    // The file that a signature is of, by its name; null where it is no signature.
    private static string? SignedBy(string path) =>
        path.EndsWith(FileSignature.Extension, StringComparison.Ordinal)
            ? path[..^FileSignature.Extension.Length]
            : null;

    private static bool IsNamedByRoot(string path, NameHash hash, IReporter reporter, CancellationToken cancellation)
    {
        try
        {
            using ImageFile? image = ImageFile.TryOpen(path);
            if (image is null || !hash.Fits(image.Image.Footer.Root))
            {
                return false;
            }
            // The root alone says nothing of what is before it.
            ImageVerifier.Verify(image, workers: 1, reporter, cancellation);
            return true;
        }
        catch (Exception error) when (error is CorruptDataException or IncompatibleException)
        {
            return false;
        }
    }

    /// <summary>What only the others tell of each: whether a newer one is there, and whether a signature has its file.</summary>
    internal static List<PublishedFile> InContext(List<PublishedFile> files)
    {
        ILookup<string, PublishedFile> families = files
            .Where(file => file.State == PublishedState.Right)
            .ToLookup(file => FamilyOf(file.Path));
        PublishedFile[] aged =
        [
            .. files.Select(file =>
                file.State == PublishedState.Right
                && families[FamilyOf(file.Path)].Any(other => other.Modified > file.Modified)
                    ? file with
                    {
                        State = PublishedState.Older,
                    }
                    : file
            ),
        ];
        var states = aged.ToDictionary(file => file.Path, file => file.State, StringComparer.Ordinal);
        return [.. aged.Select(file => file with { State = InContext(file, states) })];
    }

    private static PublishedState InContext(PublishedFile file, Dictionary<string, PublishedState> states) =>
        file.State is not (PublishedState.Unnamed or PublishedState.Signature) || SignedBy(file.Path) is not { } signed
            ? file.State
        : !states.TryGetValue(signed, out PublishedState state)
            ? NameHash.Find(signed) is null ? file.State
                : PublishedState.LeftOver
        : state == PublishedState.Older ? PublishedState.Older
        : PublishedState.Signature;

    // The name without its hash.
    private static string FamilyOf(string path) => NameTemplate.OfNameWithHash(path, ofRoot: false)!.Fill(default);
}
