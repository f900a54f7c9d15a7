using System.Text;
using Packhorse.Os;

namespace Packhorse.Fetch;

/// <summary>What the environment says of Amazon's services, as every AWS tool reads it; null where it says nothing.</summary>
public sealed record AwsVariables
{
    public string? AccessKeyId { get; init; }

    public string? SecretAccessKey { get; init; }

    public string? SessionToken { get; init; }

    public string? Region { get; init; }

    public string? EndpointUrl { get; init; }

    public string? Profile { get; init; }

    /// <summary>In place of <c>~/.aws/config</c>.</summary>
    public string? ConfigFile { get; init; }

    /// <summary>In place of <c>~/.aws/credentials</c>.</summary>
    public string? CredentialsFile { get; init; }

    public string? Home { get; init; }
}

/// <summary>
/// The part of AWS's chain of settings that needs no network: variables, then a profile of <c>~/.aws/credentials</c> and
/// <c>~/.aws/config</c>. No single sign-on, no roles of machines.
/// </summary>
public sealed record AwsSettings
{
    private const int MostBytes = 16 << 20;

    public static AwsSettings None { get; } = new();

    /// <summary>Null: requests are not signed.</summary>
    public S3Credential? Credential { get; init; }

    public string? Region { get; init; }

    public Uri? Endpoint { get; init; }

    /// <param name="warn">Told of a file with secrets that others can read.</param>
    public static AwsSettings Load(AwsVariables variables, Action<string> warn)
    {
        string profile = variables.Profile ?? "default";
        string? credentialsFile = variables.CredentialsFile ?? Below(variables.Home, ".aws/credentials");
        Dictionary<string, string> credentials = ReadSection(credentialsFile, profile);
        Dictionary<string, string> config = ReadSection(
            variables.ConfigFile ?? Below(variables.Home, ".aws/config"),
            profile == "default" ? profile : $"profile {profile}"
        );
        if (credentials.ContainsKey(SecretKey) && FilePermissions.IsOpenToOthers(credentialsFile!))
        {
            warn($"{credentialsFile} holds credentials, and others can read it: chmod 600 it");
        }
        string? endpoint = variables.EndpointUrl ?? config.GetValueOrDefault("endpoint_url");
        return new AwsSettings
        {
            Credential =
                OfVariables(variables)
                ?? OfProfile(credentials, $"the profile {profile} of {credentialsFile}")
                ?? OfProfile(config, $"the profile {profile} of ~/.aws/config"),
            Region = variables.Region ?? config.GetValueOrDefault("region") ?? credentials.GetValueOrDefault("region"),
            Endpoint =
                Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https" ? url : null,
        };
    }

    private const string SecretKey = "aws_secret_access_key";

    private static S3Credential? OfVariables(AwsVariables variables) =>
        variables is { AccessKeyId: { } id, SecretAccessKey: { } secret }
            ? new S3Credential(id, secret, variables.SessionToken, "AWS_ACCESS_KEY_ID")
            : null;

    private static S3Credential? OfProfile(Dictionary<string, string> section, string origin) =>
        section.TryGetValue("aws_access_key_id", out string? id) && section.TryGetValue(SecretKey, out string? secret)
            ? new S3Credential(id, secret, section.GetValueOrDefault("aws_session_token"), origin)
            : null;

    private static string? Below(string? home, string path) => home is null ? null : Path.Combine(home, path);

    // An ini file; lines that are indented belong to a setting with parts (s3 =), and are none of ours.
    private static Dictionary<string, string> ReadSection(string? path, string wanted)
    {
        var settings = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (path is null || !FileTree.FileExists(path))
        {
            return settings;
        }
        bool isWanted = false;
        foreach (string line in Encoding.UTF8.GetString(InputFile.ReadAllBytes(path, MostBytes)).Split('\n'))
        {
            string text = line.Trim();
            int equals = text.IndexOf('=');
            if (text.StartsWith('['))
            {
                isWanted =
                    string.Join(' ', text.Trim('[', ']').Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
                    == wanted;
            }
            else if (isWanted && equals > 0 && !char.IsWhiteSpace(line[0]) && text[0] is not ('#' or ';'))
            {
                settings[text[..equals].TrimEnd()] = text[(equals + 1)..].TrimStart();
            }
        }
        return settings;
    }
}
