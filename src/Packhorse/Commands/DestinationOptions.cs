using System.CommandLine;
using Packhorse.Model;
using Packhorse.Output;
using Packhorse.Publish;

namespace Packhorse.Commands;

/// <summary>Where files are published, and what is known of that site.</summary>
internal sealed class DestinationOptions
{
    private readonly Option<string> _to = new("--to")
    {
        Description =
            "Where to: a directory, user@host:/path of another machine, by ssh, or one of a federation, as in osdf:///chtc/staging/a/alice/envs.",
        HelpName = "DEST",
        Required = true,
    };

    private readonly Option<string> _site = new("--site")
    {
        Description =
            $"What the site's storage is like: {string.Join(", ", SiteProfile.Known)}, or a TOML file; by the directory if not given.",
        HelpName = "SITE",
    };

    private readonly SshOptions _ssh = new();
    private readonly FederationOptions _federation = new();
    private readonly NetworkOptions _network = new();

    public void AddTo(Command command)
    {
        command.Options.Add(_to);
        command.Options.Add(_site);
        _ssh.AddTo(command);
        ArgumentRules.NotEmpty(_to, _site);
        _federation.AddTo(command);
        _network.AddTo(command);
    }

    /// <summary>The profile that was asked for; null where the destination shall tell.</summary>
    /// <exception cref="NotFoundException">There is no such profile.</exception>
    public SiteProfile? NamedSite(ParseResult parsed) =>
        parsed.GetValue(_site) is { } name ? SiteProfile.Load(name, EnvironmentVariables.Sites) : null;

    public static SiteProfile SiteOf(IDestination destination) =>
        destination.Url("") is { } url
            ? SiteProfile.Guess(PelicanUrl.Parse(url), EnvironmentVariables.Sites)
            : SiteProfile.Guess(destination.SitePath(""), EnvironmentVariables.Sites);

    public async Task<IDestination> OpenAsync(ParseResult parsed, Terminal terminal, CancellationToken cancellation)
    {
        string to = parsed.GetValue(_to)!;
        if (PelicanUrl.IsOne(to))
        {
            return new FederationDestination(
                _federation.Access(parsed, _network.Read(parsed, terminal)),
                FederationOptions.Directory(to),
                _federation.Tool(parsed)
            );
        }
        return SshTarget.Parse(to) is { } target
            ? await _ssh.ConnectAsync(parsed, target, terminal, cancellation).ConfigureAwait(false)
            : new DirectoryDestination(to, Random.Shared.NextDouble);
    }
}
