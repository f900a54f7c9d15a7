using System.CommandLine;
using System.Text;
using Packhorse.Fetch;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Output;

namespace Packhorse.Commands;

/// <summary>The options of commands that bring something over the network, and what files and variables add to them.</summary>
internal sealed class NetworkOptions
{
    // As pixi's concurrency.downloads.
    private const int DefaultDownloads = 50;

    public Option<string?> Config { get; } =
        new("--config", "-c")
        {
            Description = "pixi's config.toml with mirrors, S3 buckets, proxies and concurrency.",
            HelpName = "TOML",
        };

    public Option<string?> AuthFile { get; } =
        new("--auth-file")
        {
            Description = "Credentials as pixi auth login writes them, looked at before those of the user.",
            HelpName = "JSON",
        };

    public Option<string?> UseCache { get; } =
        new("--use-cache")
        {
            Description = "Keep what is brought in this directory, and take from it what is there.",
            HelpName = "DIR",
        };

    /// <param name="caches">The command keeps what it brings, when it is told where.</param>
    public void AddTo(Command command, bool caches = false)
    {
        if (caches)
        {
            command.Options.Add(UseCache);
        }
        command.Options.Add(Config);
        command.Options.Add(AuthFile);
        ArgumentRules.NotEmpty(Config, AuthFile, UseCache);
    }

    /// <summary>Reads the files. To be disposed when all has been brought.</summary>
    /// <exception cref="PackhorseException">A file is not there, or broken.</exception>
    public NetworkSettings Read(ParseResult parsed, Terminal terminal)
    {
        void Warn(string warning) => terminal.Error.WriteLine($"warning: {Printable.Text(warning)}");
        string? path = parsed.GetValue(Config);
        FetchConfig? config = path is null ? null : ReadConfig(path, Warn);
        string?[] named = [parsed.GetValue(AuthFile), EnvironmentVariables.RattlerAuthFile, config?.AuthenticationFile];
        var credentials = Credentials.Load(
            new CredentialPaths
            {
                Named = [.. named.OfType<string>().Where(path => path.Length > 0)],
                Netrc = EnvironmentVariables.Netrc,
                Home = EnvironmentVariables.Home,
            },
            TimeProvider.System.GetUtcNow(),
            Warn
        );
        return new NetworkSettings(
            new FetchOptions
            {
                UserAgent = $"packhorse/{ProgramVersion.Text}",
                Randomness = Random.Shared.NextDouble,
                Downloads = config?.Downloads ?? DefaultDownloads,
                Credentials = credentials,
                Proxies = ReadProxies(config, path),
                TrustsEverybody = config?.TrustsEverybody ?? false,
                Aws = AwsSettings.Load(EnvironmentVariables.Aws, Warn),
                Buckets = config?.Buckets ?? new Dictionary<string, S3Options>(),
            },
            config?.CreateMirrorMap() ?? MirrorMap.Empty,
            parsed.GetValue(UseCache) is { } cache ? FileTree.Absolute(cache) : null
        );
    }

    // What the file says goes before the variables, as in pixi.
    private static ProxyRules ReadProxies(FetchConfig? config, string? path)
    {
        static (string?, string) First(string? inFile, string? path, params (string? Value, string Name)[] variables) =>
            inFile is not null ? (inFile, path!) : variables.FirstOrDefault(one => !string.IsNullOrEmpty(one.Value));
        (string? http, string? https, IReadOnlyList<string>? without) = config?.Proxies ?? default;
        (string?, string) all = (EnvironmentVariables.AllProxy, "ALL_PROXY");
        return new ProxyRules(
            First(http, path, (EnvironmentVariables.HttpProxy, "HTTP_PROXY"), all),
            First(https, path, (EnvironmentVariables.HttpsProxy, "HTTPS_PROXY"), all),
            without ?? (EnvironmentVariables.NoProxy ?? "").Split(',')
        );
    }

    private static FetchConfig ReadConfig(string path, Action<string> warn)
    {
        var config = FetchConfig.Parse(Encoding.UTF8.GetString(InputFile.ReadAllBytes(path, Limits.TextBytes)), path);
        foreach (string warning in config.Warnings)
        {
            warn(warning);
        }
        if (config.TrustsEverybody)
        {
            warn(
                $"{path} has tls-no-verify: servers are not asked who they are, and credentials may reach somebody else"
            );
        }
        return config;
    }
}

/// <summary>What <see cref="NetworkOptions"/> came to.</summary>
/// <param name="CacheDirectory">Absolute; null for none.</param>
internal sealed record NetworkSettings(FetchOptions Options, MirrorMap Mirrors, string? CacheDirectory)
{
    public Fetcher CreateFetcher(IReporter reporter) =>
        new(
            Options,
            Mirrors,
            reporter,
            new PackageCache(CacheDirectory, EnvironmentVariables.PackageDirectories, Options.Randomness, reporter)
        );
}
