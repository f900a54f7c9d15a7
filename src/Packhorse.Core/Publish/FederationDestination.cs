using Packhorse.Fetch;
using Packhorse.Model;

namespace Packhorse.Publish;

/// <summary>A directory of a Pelican federation. Objects are stored at its origin, and read back from there.</summary>
/// <param name="directory">Below which files are published.</param>
/// <param name="tool">Pelican's own client, where it is to do it; null: a PUT of ours.</param>
public sealed class FederationDestination(FederationAccess access, PelicanUrl directory, PelicanTool? tool)
    : IDestination
{
    private int _failures;

    public string Location(string name) => directory.Child(name).ToString();

    public string? SitePath(string name) => null;

    public string? Url(string name) => Location(name);

    public string RemovalOf(string name) => $"pelican object delete {ShellText.Quote(Location(name))}";

    public async Task<long?> SizeOfAsync(string name, CancellationToken cancellation)
    {
        var reader = new OriginReader(access, SilentReporter.Instance);
        StoredObject? stored = await reader.FindAsync(directory.Child(name), cancellation).ConfigureAwait(false);
        return stored?.Size;
    }

    public async Task<Occupant> LookAsync(
        string name,
        LocalFile file,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        var reader = new OriginReader(access, reporter);
        StoredObject? stored = await reader.FindAsync(directory.Child(name), cancellation).ConfigureAwait(false);
        if (stored is { Size: { } size } && size == file.Size)
        {
            reporter.BeginStage("Comparing", 1, file.Size);
        }
        return await CompareAsync(reader, stored, name, file, cancellation).ConfigureAwait(false);
    }

    public async Task<bool> TryPlaceAsync(
        string name,
        LocalFile file,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        PelicanUrl url = directory.Child(name);
        using var federation = new FederationClient(access.Options, access.Discovery, reporter);
        ObjectLocation location = await federation.LocateAsync(url, HttpMethod.Put, cancellation).ConfigureAwait(false);
        AccessProblems.RequireNotExpired(access.Token, url, access.NowOf(location));
        reporter.BeginStage("Publishing", 1, 2 * file.Size);
        if (tool is not null)
        {
            return await PlaceByToolAsync(url, file, reporter, cancellation).ConfigureAwait(false);
        }
        try
        {
            (AttemptFailure? failure, Uri server) = await PutAsync(location, file, reporter, cancellation)
                .ConfigureAwait(false);
            if (
                failure is null
                && await IsRightAsync((url, location, server), file, reporter, cancellation).ConfigureAwait(false)
            )
            {
                _failures = 0;
                return true;
            }
            return await MayTryAgainAsync(url, failure ?? NotKept, reporter, cancellation).ConfigureAwait(false);
        }
        catch (SystemRefusedException error) when (error.Code == ErrorCodes.PermissionDenied && error.Hint is null)
        {
            throw AccessProblems.Explain(
                error,
                StorageOperation.Create,
                url,
                access.Token,
                location,
                access.NowOf(location)
            );
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static AttemptFailure NotKept =>
        new(FetchIncidentKind.WrongBytes, "what it gives back is not what was stored");

    private static async Task<Occupant> CompareAsync(
        OriginReader reader,
        StoredObject? stored,
        string name,
        LocalFile file,
        CancellationToken cancellation
    )
    {
        if (stored is not { } there)
        {
            return new Occupant(OccupantKind.Nothing);
        }
        if (there.Size is { } size && size != file.Size)
        {
            return new Occupant(OccupantKind.OtherContent, size);
        }
        try
        {
            _ = await reader.ReadAsync(there, name, file.Sha256, cancellation).ConfigureAwait(false);
            return new Occupant(OccupantKind.SameContent, file.Size, file.Sha256);
        }
        catch (CorruptDataException)
        {
            return new Occupant(OccupantKind.OtherContent, there.Size);
        }
    }

    private async Task<(AttemptFailure? Failure, Uri Server)> PutAsync(
        ObjectLocation location,
        LocalFile file,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        using var upload = new ObjectUpload(access.Options, reporter);
        foreach (Uri server in location.Servers)
        {
            AttemptFailure? failure = await upload
                .PutAsync(server, file, access.Token?.HeaderFor(server), cancellation)
                .ConfigureAwait(false);
            bool isLast = server == location.Servers[^1];
            // Of one that cannot be reached nothing is left anywhere.
            if (isLast || failure is not { Kind: FetchIncidentKind.Unreachable })
            {
                return (failure, server);
            }
        }
        throw new InvalidOperationException("a director that names no server is refused before");
    }

    // From the server that took it: the director may still remember that there was no such object.
    private async Task<bool> IsRightAsync(
        (PelicanUrl Url, ObjectLocation Location, Uri Server) at,
        LocalFile file,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        var reader = new OriginReader(access, reporter);
        StoredObject? stored;
        try
        {
            stored = await reader.LookAsync(at.Server, at.Url, at.Location, cancellation).ConfigureAwait(false);
        }
        catch (SystemRefusedException error)
        {
            // A token to write with may be none to read with, where everybody may read elsewhere.
            reporter.Detail(error.Message);
            stored = await reader.FindAsync(at.Url, cancellation).ConfigureAwait(false);
        }
        Occupant there = await CompareAsync(reader, stored, at.Url.Name, file, cancellation).ConfigureAwait(false);
        return there.Kind == OccupantKind.SameContent;
    }

    private async Task<bool> PlaceByToolAsync(
        PelicanUrl url,
        LocalFile file,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        int code = await tool!.PutAsync(file.Path, url, cancellation).ConfigureAwait(false);
        reporter.Advance(code == 0 ? file.Size : 0);
        Occupant there = await LookAsync(url.Name, file, reporter, cancellation).ConfigureAwait(false);
        if (there.Kind == OccupantKind.SameContent)
        {
            _failures = 0;
            return true;
        }
        var failure = new AttemptFailure(
            FetchIncidentKind.ServerError,
            code == 0 ? NotKept.Message : $"{tool.Describe(code)}, see above"
        );
        if (there.Kind == OccupantKind.Nothing && code != 0 && !PelicanTool.IsTransient(code))
        {
            throw new OperationFailedException(
                ErrorCodes.ServerRefused,
                $"cannot store {EntryPath.Quote(url.ToString())}: {failure.Message}"
            );
        }
        return await MayTryAgainAsync(url, failure, reporter, cancellation).ConfigureAwait(false);
    }

    // False: not placed. What the failure has left under the name is looked at next, and decides about the name of the next attempt.
    private async Task<bool> MayTryAgainAsync(
        PelicanUrl url,
        AttemptFailure failure,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        string message = $"{EntryPath.Quote(url.ToString())} was not stored: {failure.Message}";
        if (++_failures > access.Options.Retries)
        {
            throw new TransientException(
                ErrorCodes.UploadFailed,
                $"{message} ({_failures} attempts)",
                failure.InnerException
            )
            {
                Hint = "try again later: what is broken is left alone, and the next name is taken",
            };
        }
        reporter.Warn($"{message}; trying again");
        await PatientExchange.WaitAsync(access.Options, failure, _failures, cancellation).ConfigureAwait(false);
        return false;
    }
}
