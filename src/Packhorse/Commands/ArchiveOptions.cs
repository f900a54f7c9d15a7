using System.CommandLine;
using Packhorse.Condor.Init;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Output;
using Packhorse.Publish;

namespace Packhorse.Commands;

/// <summary>Where jobs get their environment from, and how what has to be known of it is found out.</summary>
internal sealed class ArchiveOptions
{
    private readonly Option<string?> _to = new("--to")
    {
        Description =
            "The directory where the environment is published before jobs are submitted, such as $STAGING/envs.",
        HelpName = "DIR",
    };

    private readonly Option<string?> _site = new("--site")
    {
        Description = $"What the site's storage is like: {string.Join(", ", SiteProfile.Known)}, or a TOML file.",
        HelpName = "SITE",
    };

    private readonly FederationOptions _federation = new();
    private readonly NetworkOptions _network = new();

    public void AddTo(Command command)
    {
        command.Options.Add(_to);
        command.Options.Add(_site);
        ArgumentRules.NotEmpty(_to, _site);
        _federation.AddTo(command);
        _network.AddTo(command);
    }

    /// <returns>Null when nothing is published: the access point transfers the file, or it has a URL.</returns>
    public string? Destination(ParseResult parsed) => parsed.GetValue(_to);

    /// <param name="archive">A path or a URL.</param>
    public SiteProfile Site(ParseResult parsed, string archive)
    {
        string? own = EnvironmentVariables.Sites;
        return parsed.GetValue(_site) is { } asked ? SiteProfile.Load(asked, own)
            : PelicanUrl.TryParse(archive, out PelicanUrl? url) ? SiteProfile.Guess(url, own)
            : SiteProfile.Guess(Destination(parsed) is { } to ? FileTree.Absolute(to) : null, own);
    }

    /// <param name="archive">A path or a URL.</param>
    /// <param name="mayFetch">What has only a URL may be brought here.</param>
    /// <exception cref="PackhorseException">It is not to be had, or no environment that jobs can start.</exception>
    public async Task<JobArchive> FindAsync(
        ParseResult parsed,
        Terminal terminal,
        string archive,
        bool mayFetch,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        SiteProfile site = Site(parsed, archive);
        if (!archive.Contains("://", StringComparison.Ordinal))
        {
            return JobArchive.OfFile(archive, Destination(parsed), site, reporter, cancellation);
        }
        if (Destination(parsed) is not null)
        {
            throw new UsageException(
                ErrorCodes.BadArguments,
                $"--to publishes a file of this machine, and {Redaction.Quote(archive)} is published already"
            )
            {
                Hint = "leave out --to, or give the file",
            };
        }
        string copy =
            JobArchive.CopyOf(archive, site)
            ?? (
                mayFetch
                    ? await FetchAsync(parsed, terminal, archive, reporter, cancellation).ConfigureAwait(false)
                    : throw new NotFoundException(
                        ErrorCodes.FileNotFound,
                        $"there is no copy of {Redaction.Quote(archive)} here"
                    )
                    {
                        Hint = $"--dry-run fetches nothing: packhorse fetch {ShellText.Quote(archive)}",
                    }
            );
        return JobArchive.OfUrl(archive, copy);
    }

    // Whole, since what a name says of it can be compared with nothing less.
    private async Task<string> FetchAsync(
        ParseResult parsed,
        Terminal terminal,
        string url,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        string output = FetchCommand.NameOf(url);
        var request = new RemoteFetchRequest
        {
            Url = url,
            Output = output,
            Claims = ContentClaims.Of(url, expected: null, output),
            Discovery = _federation.Discovery(parsed),
            Token = _federation.Token(parsed),
        };
        NetworkSettings network = _network.Read(parsed, terminal);
        _ = await new RemoteFetch(network.Options, network.Mirrors, reporter)
            .RunAsync(request, cancellation)
            .ConfigureAwait(false);
        reporter.Warn(
            request.Claims.Any
                ? $"{output} was fetched for its digests and sizes and stays here; jobs do not need it"
                : $"{output} was fetched, and compared with nothing: its name has no hash. Jobs will run this content and no other"
        );
        return output;
    }
}
