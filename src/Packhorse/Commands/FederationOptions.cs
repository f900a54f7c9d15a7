using System.CommandLine;
using System.Text;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Publish;

namespace Packhorse.Commands;

/// <summary>How federations are found and told who asks.</summary>
internal sealed class FederationOptions
{
    private const int MostTokenBytes = 64 << 10;

    private readonly Option<string> _tokenFile = new("--token-file")
    {
        Description =
            $"A file with a bearer token for servers that want one; {EnvironmentVariables.BearerTokenName} and {EnvironmentVariables.BearerTokenFileName} if not given.",
        HelpName = "FILE",
    };

    private readonly Option<string> _federation = new("--federation")
    {
        Description = "Discover the federation at this URL instead of at the host of the osdf:// or pelican:// URL.",
        HelpName = "URL",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(_tokenFile);
        command.Options.Add(_federation);
        ArgumentRules.NotEmpty(_tokenFile, _federation);
    }

    /// <returns>Null when the URL's host is to be asked.</returns>
    public Uri? Discovery(ParseResult parsed) =>
        parsed.GetValue(_federation) is not { } text ? null
        : Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https" ? url
        : throw new UsageException(
            ErrorCodes.BadArguments,
            $"--federation {EntryPath.Quote(text)} is no https:// or http:// URL"
        );

    /// <summary>The first of --token-file, BEARER_TOKEN, BEARER_TOKEN_FILE; null when there is none.</summary>
    public AccessToken? Token(ParseResult parsed)
    {
        if (parsed.GetValue(_tokenFile) is { } named)
        {
            return Read(named);
        }
        if (EnvironmentVariables.BearerToken is { Length: > 0 } token)
        {
            return AccessToken.Parse(token, EnvironmentVariables.BearerTokenName);
        }
        return EnvironmentVariables.BearerTokenFile is { Length: > 0 } file ? Read(file) : null;
    }

    public FederationAccess Access(ParseResult parsed, NetworkSettings network) =>
        new(network.Options, Discovery(parsed), Token(parsed));

    /// <summary>Pelican's own client; null where it is not installed, or is not to be told of another federation.</summary>
    public PelicanTool? Tool(ParseResult parsed) =>
        Discovery(parsed) is null
            ? PelicanTool.Find(
                EnvironmentVariables.SearchPath,
                parsed.GetValue(_tokenFile) is { } file ? FileTree.Absolute(file) : null,
                EnvironmentVariables.ByName
            )
            : null;

    /// <exception cref="UsageException">It is no URL of a directory.</exception>
    public static PelicanUrl Directory(string text)
    {
        PelicanUrl url = PelicanUrl.Parse(text);
        return url.Query.Length == 0
            ? url
            : throw new UsageException(
                ErrorCodes.BadArguments,
                $"{Redaction.Quote(text)} has a query: the URL of a directory has none"
            );
    }

    private static AccessToken Read(string path) =>
        AccessToken.Parse(Encoding.UTF8.GetString(InputFile.ReadAllBytes(path, MostTokenBytes)), path);
}
