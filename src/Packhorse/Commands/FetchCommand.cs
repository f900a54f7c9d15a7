using System.CommandLine;
using Packhorse.Model;
using Packhorse.Output;
using Packhorse.Pack;
using Packhorse.Publish;
using Packhorse.Signing;

namespace Packhorse.Commands;

/// <summary><c>packhorse fetch</c>.</summary>
internal sealed class FetchCommand
{
    private readonly Argument<string> _url = new("URL")
    {
        Description = "osdf:///…, pelican://HOST/…, https://…, file:///… or a path; with #sha256=HEX or without.",
    };

    private readonly Option<string> _output = new("--output-file", "-o")
    {
        Description = "The file to make; the name in the URL, here, if not given.",
        HelpName = "FILE",
    };

    private readonly Option<string> _expect = new("--expect")
    {
        Description = "The SHA-256 that the file must have, known by another way.",
        HelpName = "sha256:HEX",
    };

    private readonly SignatureOptions _signature = new("URL");
    private readonly FederationOptions _federation = new();
    private readonly NetworkOptions _network = new();
    private readonly CommonOptions _common = new();
    private readonly Terminal _terminal;

    private FetchCommand(Terminal terminal) => _terminal = terminal;

    public static Command Build(Terminal terminal)
    {
        var self = new FetchCommand(terminal);
        var command = new Command(
            "fetch",
            "Bring a file, through caches where they are, and compare it with what its name or a digest says."
        )
        {
            self._url,
            self._output,
            self._expect,
        };
        ArgumentRules.NotEmpty(self._output, self._expect);
        self._signature.AddTo(command);
        self._federation.AddTo(command);
        self._network.AddTo(command);
        self._common.AddReporting(command);
        Examples.Add(
            command,
            "packhorse fetch osdf:///chtc/staging/a/alice/envs/gpu-1a2b3c4d.sqfs",
            "packhorse fetch https://example.org/environment.tar -o environment.tar --expect sha256:HEX",
            "packhorse fetch osdf:///chtc/staging/a/alice/envs/gpu-1a2b3c4d.sqfs --key allowed_signers"
        );
        command.SetAction(self.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string url = parsed.GetValue(_url)!;
        string output = parsed.GetValue(_output) ?? NameOf(url);
        Digest? expected = parsed.GetValue(_expect) is { } text ? ExpectedFile.ParseDigest(text) : null;
        var request = new RemoteFetchRequest
        {
            Url = url,
            Output = output,
            Claims = ContentClaims.Of(url, expected, output),
            Discovery = _federation.Discovery(parsed),
            Token = _federation.Token(parsed),
            Signature = _signature.Wanted(parsed) is var (keys, signature)
                ? new WantedSignature(signature ?? Beside(url), keys)
                : null,
        };
        NetworkSettings network = _network.Read(parsed, _terminal);
        RemoteFetchResult result = await _common
            .WithReporterAsync(
                parsed,
                _terminal,
                reporter => new RemoteFetch(network.Options, network.Mirrors, reporter).RunAsync(request, cancellation)
            )
            .ConfigureAwait(false);
        Report(parsed, request, result);
        return (int)ExitClass.Ok;
    }

    /// <summary>What a file is called here that a URL names.</summary>
    /// <exception cref="UsageException">It names none.</exception>
    public static string NameOf(string url)
    {
        string path = ContentClaims.WithoutFragment(url).Split('?', 2)[0];
        string name = Uri.UnescapeDataString(path[(path.LastIndexOf('/') + 1)..]);
        return name is "" or "." or ".." || name.Contains('/') || name.Contains('\0')
            ? throw new UsageException(
                ErrorCodes.BadArguments,
                $"{Redaction.Quote(url)} names no file: -o says what it shall be called"
            )
            : name;
    }

    // Before a query and a fragment, which belong to the file.
    private static string Beside(string url)
    {
        string[] parts = ContentClaims.WithoutFragment(url).Split('?', 2);
        return parts[0] + FileSignature.Extension + (parts.Length > 1 ? $"?{parts[1]}" : "");
    }

    private void Report(ParseResult parsed, RemoteFetchRequest request, RemoteFetchResult result)
    {
        if (parsed.GetValue(_common.Json))
        {
            _terminal.Out.WriteLine(
                JsonOutput.Write(
                    "packhorse/fetch/1",
                    json =>
                    {
                        json.WriteString("output", request.Output);
                        json.WriteString("status", result.WasThere ? "already_there" : "fetched");
                        json.WriteNumber("size", result.Content.Length);
                        json.WriteString("sha256", result.Content.Sha256.ToString());
                        json.WriteString("root", result.Root?.ToString());
                        json.WriteBoolean("verified", request.Claims.Any || result.Signer is not null);
                        VerifyCommand.WriteSigner(json, result.Signer);
                        json.WriteStartArray("incidents");
                        foreach (string incident in result.Incidents)
                        {
                            json.WriteStringValue(incident);
                        }
                        json.WriteEndArray();
                    }
                )
            );
        }
        foreach (string incident in result.Incidents)
        {
            _terminal.Error.WriteLine($"warning: {Printable.Text(incident)}");
        }
        if (!request.Claims.Any && result.Signer is null)
        {
            _terminal.Error.WriteLine(
                "warning: nothing was checked: the name has no hash, and there is neither --expect nor #sha256= nor --key"
            );
        }
        if (_common.Verbosity(parsed) != Verbosity.Quiet)
        {
            string how =
                request.Claims.Sha256 is not null ? "its SHA-256 is the one that was expected"
                : result.Signer is { } signer ? $"signed by {Printable.Text($"{signer.Names} ({signer.Key})")}"
                : request.Claims.Any ? "its digest begins as its name says"
                : $"sha256 {result.Content.Sha256}";
            string what = $"{Printable.Text(request.Output)}, {ByteSize.Format(result.Content.Length)}";
            _terminal.Error.WriteLine(
                result.WasThere ? $"There already, nothing was fetched: {what}: {how}" : $"Fetched {what}: {how}"
            );
        }
    }
}
