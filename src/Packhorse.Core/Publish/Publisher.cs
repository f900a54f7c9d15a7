using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Signing;

namespace Packhorse.Publish;

/// <summary>What became of one file.</summary>
public enum PublicationKind
{
    Published,

    /// <summary>The same content had the name already.</summary>
    AlreadyThere,

    /// <summary>Only looked: it would be published.</summary>
    WouldBePublished,
}

/// <param name="Name">The name it has at the destination.</param>
/// <param name="Broken">Names that hold something else than they say; left alone.</param>
public sealed record Publication(LocalFile File, string Name, PublicationKind Kind, IReadOnlyList<string> Broken)
{
    /// <summary>Of the signature beside it; null where there is none.</summary>
    public Publication? Signature { get; init; }
}

/// <summary>
/// Publishes files under names that never lie. A name that is taken by other content is never replaced: with a hash in it, either
/// eight digits were too few, then more are taken, or what is there is broken, then the next number is.
/// </summary>
public static class Publisher
{
    private const int MostAttempts = 1000;
    private const int MoreDigits = 4;

    /// <summary>Reads a file and publishes it, and the signature beside it under the same name with <c>.sig</c> behind it.</summary>
    /// <param name="template">Null: the file's own name, with a hash.</param>
    /// <param name="dryRun">Look, and place nothing.</param>
    /// <exception cref="CorruptDataException">The file is not what its name says, or the signature is of another one.</exception>
    /// <exception cref="UsageException">A name without a hash is taken by other content.</exception>
    public static async Task<Publication> PublishAsync(
        string path,
        NameTemplate? template,
        IDestination destination,
        bool dryRun,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        var file = LocalFile.Read(path, reporter, cancellation);
        string signature = file.Path + FileSignature.Extension;
        bool isSigned = FileTree.KindOf(signature) == FileKind.File;
        if (isSigned)
        {
            RequireOf(file.Path, signature, reporter, cancellation);
        }
        Publication made = await PublishAsync(
                file,
                template ?? file.PublishedName(),
                destination,
                dryRun,
                reporter,
                cancellation
            )
            .ConfigureAwait(false);
        if (!isSigned)
        {
            return made;
        }
        Publication beside = await PublishAsync(
                LocalFile.Read(signature, reporter, cancellation),
                NameTemplate.Literal(made.Name + FileSignature.Extension),
                destination,
                dryRun,
                reporter,
                cancellation
            )
            .ConfigureAwait(false);
        return made with { Signature = beside };
    }

    // Before anything is placed: a file that was made anew has its old signature beside it.
    private static void RequireOf(string path, string signature, IReporter reporter, CancellationToken cancellation)
    {
        try
        {
            FileSignature.RequireOf(path, signature, reporter, cancellation);
        }
        catch (CorruptDataException error)
        {
            throw new CorruptDataException(error.Code, error.Message, error)
            {
                Hint = $"sign the file again (packhorse sign), or remove {EntryPath.Quote(signature)}",
            };
        }
    }

    /// <param name="dryRun">Look, and place nothing.</param>
    /// <exception cref="UsageException">A name without a hash is taken by other content.</exception>
    public static async Task<Publication> PublishAsync(
        LocalFile file,
        NameTemplate template,
        IDestination destination,
        bool dryRun,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        Digest digest = template.DependsOnRoot ? file.Root ?? throw NoRoot(file) : file.Sha256;
        var broken = new List<string>();
        int digits = template.Digits;
        int? attempt = null;
        for (int tries = 0; tries < MostAttempts; tries++)
        {
            string name = template.Fill(digest, digits, attempt);
            Occupant there = await destination.LookAsync(name, file, reporter, cancellation).ConfigureAwait(false);
            switch (there.Kind)
            {
                case OccupantKind.SameContent:
                    return new Publication(file, name, PublicationKind.AlreadyThere, broken);
                case OccupantKind.Nothing when dryRun:
                    return new Publication(file, name, PublicationKind.WouldBePublished, broken);
                case OccupantKind.Nothing:
                    if (await destination.TryPlaceAsync(name, file, reporter, cancellation).ConfigureAwait(false))
                    {
                        return new Publication(file, name, PublicationKind.Published, broken);
                    }
                    // Somebody was quicker: what is there now?
                    continue;
            }
            if (!template.DependsOnContent)
            {
                throw Taken(destination.Location(name), there);
            }
            // Of its root, other content can be told only by reading an image; the next number is free in any case.
            if (there.Sha256 is { } other && !template.DependsOnRoot && NameHash.Find(name)?.Fits(other) == true)
            {
                digits = Math.Min(NameHash.DigitsOf(digest, digits).Length + MoreDigits, 2 * Digest.Size);
                continue;
            }
            broken.Add(name);
            reporter.Warn($"{destination.Location(name)} is not what its name says; it is left alone");
            attempt = (attempt ?? 0) + 1;
        }
        throw new OperationFailedException(
            ErrorCodes.Unexpected,
            $"{MostAttempts:N0} names for {EntryPath.Quote(file.Name)} are taken"
        );
    }

    private static UsageException NoRoot(LocalFile file) =>
        new(ErrorCodes.BadArguments, $"{EntryPath.Quote(file.Name)} is no image: it has no root to name it by")
        {
            Hint = "use {sha256:8}",
        };

    private static UsageException Taken(string location, Occupant there)
    {
        string what = there switch
        {
            { Size: { } size, Sha256: { } digest } => $"a file of {size:N0} bytes, sha256 {digest}",
            { Size: { } size } => $"a file of {size:N0} bytes",
            _ => "something else",
        };
        return new UsageException(
            ErrorCodes.OutputInTheWay,
            $"{EntryPath.Quote(location)} is there already, with other content: {what}. It is left as it is"
        )
        {
            Hint = location.EndsWith(FileSignature.Extension, StringComparison.Ordinal)
                ? "the file has another signature there, by another key perhaps; caches never ask again for a name that they know"
                : "put {sha256:8} into --name: caches never ask again for a name that they know",
        };
    }
}
