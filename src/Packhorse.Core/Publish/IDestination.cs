using Packhorse.Model;

namespace Packhorse.Publish;

/// <summary>What has a name at a destination.</summary>
/// <param name="Kind">Compared with the file that is to be published.</param>
/// <param name="Size">Bytes; null where there is no file, or nobody says.</param>
/// <param name="Sha256">Null where it was not read.</param>
public readonly record struct Occupant(OccupantKind Kind, long? Size = null, Digest? Sha256 = null);

/// <inheritdoc cref="Occupant"/>
public enum OccupantKind
{
    Nothing,
    SameContent,
    OtherContent,
}

/// <summary>Where files are published. Nothing there is ever replaced or removed.</summary>
public interface IDestination : IAsyncDisposable
{
    /// <summary>As people write it.</summary>
    string Location(string name);

    /// <summary>The path in the file system of the site; null where there is none.</summary>
    string? SitePath(string name);

    /// <summary>The URL in a federation, where the destination is one; null for directories.</summary>
    string? Url(string name);

    /// <returns>Bytes of the file that has that name; null where there is none.</returns>
    Task<long?> SizeOfAsync(string name, CancellationToken cancellation);

    /// <summary>Compares what has that name with a file, byte for byte or by SHA-256.</summary>
    Task<Occupant> LookAsync(string name, LocalFile file, IReporter reporter, CancellationToken cancellation);

    /// <summary>
    /// Brings the file and gives it a name that nothing has, complete or not at all; size and digest have been read back.
    /// </summary>
    /// <returns>False when something has the name by now.</returns>
    /// <exception cref="CorruptDataException">The file changed meanwhile, or what was read back is not what was written.</exception>
    Task<bool> TryPlaceAsync(string name, LocalFile file, IReporter reporter, CancellationToken cancellation);

    /// <summary>The line of a shell that removes what has that name.</summary>
    string RemovalOf(string name);
}
