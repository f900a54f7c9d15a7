using Packhorse.Model;

namespace Packhorse.Fetch;

/// <summary>Makes of the failures of all places the one exception that says what can be done next.</summary>
internal static class FetchErrors
{
    // What a user should hear of first when each place failed in its own way.
    private static readonly FetchIncidentKind[] ByWeight =
    [
        FetchIncidentKind.WrongBytes,
        FetchIncidentKind.Denied,
        FetchIncidentKind.NotTrusted,
        FetchIncidentKind.Unreadable,
        FetchIncidentKind.Rejected,
        FetchIncidentKind.NotFound,
    ];

    /// <param name="attempts">In a row that brought nothing new.</param>
    public static PackhorseException Of(FetchRequest request, IReadOnlyList<Place> places, int attempts)
    {
        string message = Message(request, places, attempts);
        Place? waiting = places.FirstOrDefault(place => !place.IsOut);
        if (waiting is not null)
        {
            return new TransientException(ErrorCodes.DownloadFailed, message, waiting.LastFailure?.InnerException)
            {
                Hint = "try again later; if it lasts, check the network and the proxy settings, or use a mirror",
            };
        }
        Place gravest = places.MinBy(place => Array.IndexOf(ByWeight, place.LastFailure!.Kind))!;
        AttemptFailure failure = gravest.LastFailure!;
        return failure.InnerException is PackhorseException known && places.Count == 1
            ? known
            : Final(failure, message, gravest);
    }

    /// <summary>Of one place, whatever others might have.</summary>
    public static PackhorseException OfWrongBytes(FetchRequest request, Place place, AttemptFailure failure) =>
        Final(failure, $"cannot download {EntryPath.Quote(request.Name)}: {place.Describe(failure)}", place);

    private static PackhorseException Final(AttemptFailure failure, string message, Place place)
    {
        Exception? cause = failure.InnerException;
        return failure.Kind switch
        {
            FetchIncidentKind.WrongBytes => new CorruptDataException(
                failure.IsAboutSize ? ErrorCodes.SizeMismatch : ErrorCodes.DigestMismatch,
                message,
                cause
            )
            {
                Hint =
                    "the server has another file under this name than when the lock file was made, or it is damaged there",
            },
            FetchIncidentKind.Denied => new SystemRefusedException(ErrorCodes.PermissionDenied, message, cause)
            {
                Hint = HintOfDenial(failure, place),
            },
            FetchIncidentKind.NotTrusted => new OperationFailedException(ErrorCodes.ServerNotTrusted, message, cause)
            {
                Hint = "check this machine's clock and certificates (SSL_CERT_FILE, SSL_CERT_DIR)",
            },
            FetchIncidentKind.Unreadable => new SystemRefusedException(ErrorCodes.SystemRefused, message, cause),
            FetchIncidentKind.NotFound => new NotFoundException(ErrorCodes.UrlNotFound, message, cause),
            _ => new OperationFailedException(ErrorCodes.ServerRefused, message, cause),
        };
    }

    private static string HintOfDenial(AttemptFailure failure, Place place)
    {
        string host = failure.Host ?? place.Host ?? Place.ThisMachine;
        return host switch
        {
            AttemptFailure.Proxy =>
                "check the credentials for the proxy: they stand in its URL, as in http://NAME:PASSWORD@proxy:3128",
            Place.ThisMachine => "check the permissions of the file",
            _ when place.Source.Url!.Scheme == Source.S3Scheme => HintOfBucket(place),
            _ when host != place.Host =>
                $"{place.Host} redirects to {host}, and credentials are never sent to another host than they are for",
            _ when place.Source.Url.UserInfo.Length > 0 => $"check the credentials for {host} in the URL",
            _ when place.Credential is { } credential =>
                $"check the credentials for {host}: it refused the {credential}",
            _ =>
                $"check the credentials for {host}: there are none; pixi auth login stores some, --auth-file and ~/.netrc name others",
        };
    }

    private static string HintOfBucket(Place place) =>
        place.Credential is { } credential
            ? $"check the credentials for s3://{place.Host}: it refused the {credential}; the region may be wrong too (s3-options of --config, AWS_REGION)"
            : $"check the credentials for s3://{place.Host}: there are none; S3Credentials of a credentials file, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile of ~/.aws/credentials";

    private static string Message(FetchRequest request, IReadOnlyList<Place> places, int attempts)
    {
        string name = EntryPath.Quote(request.Name);
        string tries = attempts > 1 ? $" ({attempts:N0} attempts in a row brought nothing new)" : "";
        string reasons = string.Join(
            "; ",
            places.Select(place =>
                place.LastFailure is null ? $"{place}: not tried" : place.Describe(place.LastFailure)
            )
        );
        return $"cannot download {name}: {reasons}{tries}";
    }
}
