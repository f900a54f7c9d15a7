using System.CommandLine;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Publish;

namespace Packhorse.Commands;

/// <summary>Where files are published, and what is known of that site.</summary>
internal sealed class DestinationOptions
{
    private readonly Option<string> _to = new("--to")
    {
        Description = "Where to: a directory.",
        HelpName = "DEST",
        Required = true,
    };

    private readonly Option<string> _site = new("--site")
    {
        Description =
            $"What the site's storage is like: {string.Join(", ", SiteProfile.Known)}, or a TOML file; by the directory if not given.",
        HelpName = "SITE",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(_to);
        command.Options.Add(_site);
        ArgumentRules.NotEmpty(_to, _site);
    }

    /// <exception cref="NotFoundException">There is no such profile.</exception>
    public SiteProfile Site(ParseResult parsed)
    {
        string own = EnvironmentVariables.Sites;
        return parsed.GetValue(_site) is { } name
            ? SiteProfile.Load(name, own)
            : SiteProfile.Guess(FileTree.Absolute(parsed.GetValue(_to)!), own);
    }

    public IDestination Open(ParseResult parsed) =>
        new DirectoryDestination(parsed.GetValue(_to)!, Random.Shared.NextDouble);
}
