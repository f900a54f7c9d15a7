using Packhorse.Fetch;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Signing;

namespace Packhorse.Publish;

/// <summary>One file that is to be brought and compared with all that is known of it.</summary>
public sealed record RemoteFetchRequest
{
    /// <summary>http(s), file, a path, or of a federation.</summary>
    public required string Url { get; init; }

    public required string Output { get; init; }

    public required ContentClaims Claims { get; init; }

    /// <summary>Null: none is sent.</summary>
    public AccessToken? Token { get; init; }

    /// <summary>Where federations are discovered, instead of at the URL's host.</summary>
    public Uri? Discovery { get; init; }

    /// <summary>The signature that the file must have; null: none is asked for.</summary>
    public WantedSignature? Signature { get; init; }

    /// <summary>What is longer is refused.</summary>
    internal long MostBytes { get; init; } = long.MaxValue;
}

/// <param name="Url">Where the signature is; it is brought to the name of the file with <c>.sig</c> behind it.</param>
/// <param name="Keys">A file of allowed signers, or of public keys.</param>
public sealed record WantedSignature(string Url, string Keys);

/// <param name="Root">Of an image, as its footer says.</param>
/// <param name="Incidents">Who served wrong content that was not taken, as sentences.</param>
public sealed record RemoteFetchResult(FetchedContent Content, Digest? Root, IReadOnlyList<string> Incidents)
{
    /// <summary>The file was there and right: nothing was brought.</summary>
    public bool WasThere { get; init; }

    /// <summary>Who signed it; null where that was not asked for.</summary>
    public Signer? Signer { get; init; }
}

/// <summary>Brings files whose content is proven by their names or by a digest; through caches, and around those that lie.</summary>
public sealed class RemoteFetch(FetchOptions options, MirrorMap mirrors, IReporter reporter)
{
    // What Pelican's own client allows: 100 KiB/s over 30 s, after 100 s.
    private const long SlowestRate = 100 << 10;

    private readonly List<string> _incidents = [];

    /// <exception cref="CorruptDataException">Nobody has the content that was expected; nothing is at the output's name.</exception>
    /// <exception cref="PackhorseException">As <see cref="Fetcher.FetchAsync"/> and <see cref="FederationClient"/> say.</exception>
    public async Task<RemoteFetchResult> RunAsync(RemoteFetchRequest request, CancellationToken cancellation)
    {
        if (request.Signature is { } wanted)
        {
            await BringSignatureAsync(wanted, request, cancellation).ConfigureAwait(false);
        }
        // Gigabytes, perhaps: not on the caller's thread.
        RemoteFetchResult? there = await Task.Run(
                () => ArrivedFile.Find(request.Output, request.Claims, reporter, cancellation),
                cancellation
            )
            .ConfigureAwait(false);
        if (there is not null)
        {
            using InputFile arrived = InputFile.Open(request.Output);
            return there with { Signer = Verify(arrived, request, cancellation) };
        }
        using var file = new FetchedFile(request.Output, request.MostBytes);
        try
        {
            FetchedContent content = PelicanUrl.IsOne(request.Url)
                ? await FromFederationAsync(request, file, cancellation).ConfigureAwait(false)
                : await BringAsync(options, [ContentClaims.WithoutFragment(request.Url)], request, file, cancellation)
                    .ConfigureAwait(false);
            Digest? root = file.Root();
            Signer? signer = Verify(file.Content, request, cancellation);
            file.Complete();
            return new RemoteFetchResult(content, root, _incidents) { Signer = signer };
        }
        catch (CorruptDataException)
        {
            file.Forget();
            throw;
        }
    }

    // First, and compared with the keys at once: what nobody signed need not be brought.
    private async Task BringSignatureAsync(
        WantedSignature wanted,
        RemoteFetchRequest request,
        CancellationToken cancellation
    )
    {
        string path = request.Output + FileSignature.Extension;
        RemoteFetchRequest own = request with
        {
            Url = wanted.Url,
            Output = path,
            Claims = new ContentClaims(null, []),
            Signature = null,
            MostBytes = Limits.SignatureBytes,
        };
        try
        {
            _ = await RunAsync(own, cancellation).ConfigureAwait(false);
        }
        catch (NotFoundException error)
        {
            throw new NotFoundException(error.Code, $"there is no signature: {error.Message}", error)
            {
                Hint =
                    "it may have been published without one (packhorse sign, then publish); --signature names another place",
            };
        }
        FileSignature.RequireSigner(path, wanted.Keys, options.Clock);
    }

    private Signer? Verify(IRandomAccess content, RemoteFetchRequest request, CancellationToken cancellation) =>
        request.Signature is not { } wanted
            ? null
            : FileSignature.Verify(
                content,
                (request.Output, request.Output + FileSignature.Extension, wanted.Keys),
                options.Clock,
                reporter,
                cancellation
            );

    private async Task<FetchedContent> FromFederationAsync(
        RemoteFetchRequest request,
        FetchedFile file,
        CancellationToken cancellation
    )
    {
        PelicanUrl url = PelicanUrl.Parse(request.Url);
        using var federation = new FederationClient(options, request.Discovery, reporter);
        ObjectLocation location = await LocateAsync(federation, url, request, cancellation).ConfigureAwait(false);
        FetchOptions ours = options with
        {
            AsksForTransferStatus = true,
            SlowestRate = SlowestRate,
            Authorization = location.TakesToken && request.Token is { } token ? token.HeaderFor : options.Authorization,
        };
        try
        {
            return await BringAsync(ours, Texts(location), request, file, cancellation).ConfigureAwait(false);
        }
        catch (CorruptDataException error) when (!url.IsDirectRead)
        {
            return await AroundCachesAsync(federation, ours, error, request, file, cancellation).ConfigureAwait(false);
        }
        catch (SystemRefusedException error) when (error.Code == ErrorCodes.PermissionDenied)
        {
            throw AccessProblems.Explain(error, StorageOperation.Read, url, request.Token, location, Now(location));
        }
    }

    // The origin has the last word on what is stored under a name.
    private async Task<FetchedContent> AroundCachesAsync(
        FederationClient federation,
        FetchOptions ours,
        CorruptDataException wrong,
        RemoteFetchRequest request,
        FetchedFile file,
        CancellationToken cancellation
    )
    {
        reporter.Warn($"{wrong.Message}; asking the origin (?directread)");
        file.Restart();
        PelicanUrl direct = PelicanUrl.Parse(request.Url).WithDirectRead();
        FetchedContent content;
        (BlockSums? served, bool isWholeImage) = (file.Wrong, file.WrongIsWholeImage);
        try
        {
            ObjectLocation origin = await LocateAsync(federation, direct, request, cancellation).ConfigureAwait(false);
            content = await BringAsync(ours, Texts(origin), request, file, cancellation).ConfigureAwait(false);
        }
        catch (PackhorseException error) when (error is not UsageException)
        {
            throw new CorruptDataException(
                ErrorCodes.DigestMismatch,
                $"{wrong.Message}. The origin has it neither: {error.Message}",
                error
            )
            {
                Hint =
                    error is CorruptDataException
                        ? "the file was replaced under its name: publish it again, under a new one"
                        : "a cache serves what was once there, or a mixture: publish the file again, under a new name",
            };
        }
        string how = served is null ? "other content" : Describe(served, isWholeImage, file);
        string incident = $"{wrong.Message}. It was {how}; the origin's copy is right and was taken";
        _incidents.Add(incident);
        return content;
    }

    private static string Describe(BlockSums served, bool isWholeImage, FetchedFile file)
    {
        BlockSums right = file.Sums;
        (int equal, int known) = served.Compare(right);
        // Of what is no image, an older version may have blocks in common with this one.
        string mixed = file.Root() is null ? "stale or mixed" : "mixed";
        return isWholeImage ? "stale: it is another image, and whole"
            : equal == 0 ? "stale: nothing of it is of this file"
            : equal == known && served.Length < right.Length ? $"short: {served.Length:N0} bytes of {right.Length:N0}"
            : equal == known ? "altered"
            : $"{mixed}: {equal:N0} of {known:N0} blocks are of this file, the others of another one";
    }

    private async Task<FetchedContent> BringAsync(
        FetchOptions ours,
        string[] urls,
        RemoteFetchRequest request,
        FetchedFile file,
        CancellationToken cancellation
    )
    {
        ContentClaims claims = request.Claims;
        await using var fetcher = new Fetcher(ours, mirrors, reporter);
        using Stream prefix = file.Prefix;
        FetchedContent content = await fetcher
            .FetchAsync(
                new FetchRequest
                {
                    Url = urls[0],
                    Alternatives = [.. urls.Skip(1)],
                    Name = Path.GetFileName(request.Output),
                    Expected = new ExpectedContent(null, claims.Sha256, null),
                    Rule =
                        claims.Names.Count > 0 && claims.Sha256 is null
                            ? new ContentRule(claims.Wanted, digest => claims.Accept(digest, file.Root))
                            : null,
                    EndsAtWrongBytes = ours.AsksForTransferStatus,
                    Prefix = prefix.Length > 0 ? prefix : null,
                },
                file,
                cancellation
            )
            .ConfigureAwait(false);
        RequireAll(claims, content, file, cancellation);
        return content;
    }

    // What a whole digest leaves open: that the names are right too, and that a root vouches for the bytes before it.
    private static void RequireAll(
        ContentClaims claims,
        FetchedContent content,
        FetchedFile file,
        CancellationToken cancellation
    )
    {
        if (!claims.Accept(content.Sha256, file.Root))
        {
            throw new CorruptDataException(
                ErrorCodes.DigestMismatch,
                $"the bytes are those with sha256 {content.Sha256}, but the name says otherwise: {string.Join(", ", claims.Names.Select(EntryPath.Quote))}"
            )
            {
                Hint = "one of both is of another file",
            };
        }
        if (claims.AreByRootAlone(content.Sha256))
        {
            file.VerifyImage(cancellation);
        }
    }

    private static async Task<ObjectLocation> LocateAsync(
        FederationClient federation,
        PelicanUrl url,
        RemoteFetchRequest request,
        CancellationToken cancellation
    )
    {
        ObjectLocation location = await federation.LocateAsync(url, HttpMethod.Get, cancellation).ConfigureAwait(false);
        return location.NeedsToken && request.Token is null ? throw AccessProblems.Missing(url) : location;
    }

    private DateTimeOffset Now(ObjectLocation location) => location.Now ?? options.Clock.GetUtcNow();

    private static string[] Texts(ObjectLocation location) =>
        [.. location.Servers.Select(server => server.AbsoluteUri)];
}
