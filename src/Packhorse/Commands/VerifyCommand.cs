using System.CommandLine;
using System.Text.Json;
using Packhorse.Model;
using Packhorse.Output;
using Packhorse.Pack;
using Packhorse.Signing;

namespace Packhorse.Commands;

/// <summary><c>packhorse verify</c>.</summary>
internal sealed class VerifyCommand
{
    private readonly Argument<string> _pack = ArgumentRules.Path(
        "PACK",
        "A pack: a tar, a self-extracting file (pixi-pack's too) or a directory; or an image.",
        "environment.tar"
    );

    private readonly Option<string?> _base = BaseOption.Create();
    private readonly SignatureOptions _signature = new("PACK");
    private readonly ExpectOptions _expected = new();
    private readonly CommonOptions _common = new();
    private readonly Terminal _terminal;

    private VerifyCommand(Terminal terminal) => _terminal = terminal;

    public static Command Build(Terminal terminal)
    {
        var self = new VerifyCommand(terminal);
        var command = new Command(
            "verify",
            "Compare everything in a pack or an image with its SHA-256; nothing is written."
        )
        {
            self._pack,
            self._base,
            self._common.Json,
            self._common.Quiet,
            self._common.Verbose,
        };
        self._expected.AddTo(command);
        self._signature.AddTo(command);
        Examples.Add(
            command,
            "packhorse verify environment.sh",
            "packhorse verify --expect sha256:HEX environment.sh",
            "packhorse verify --key allowed_signers environment.sh",
            "packhorse verify --json environment.tar"
        );
        command.SetAction((parsed, cancellation) => Task.FromResult(self.Run(parsed, cancellation)));
        return command;
    }

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        string path = parsed.GetValue(_pack)!;
        if (path == "-")
        {
            throw new UsageException(ErrorCodes.BadArguments, "verify needs a pack that can be read twice, not a pipe");
        }
        Signer? signer = _common.WithReporter(
            parsed,
            _terminal,
            reporter =>
            {
                _expected.Check(parsed, path, reporter, cancellation);
                return _signature.Check(parsed, path, reporter, cancellation);
            }
        );
        if (signer is not null && !parsed.GetValue(_common.Json))
        {
            _terminal.Out.WriteLine($"{path}: signed by {Printable.Text($"{signer.Names} ({signer.Key})")}");
        }
        using ImageFile? image = ImageFile.TryOpen(path);
        if (image is not null)
        {
            PackDelta.RefuseBase(parsed.GetValue(_base), path);
            return VerifyImage(parsed, image, signer, cancellation);
        }
        using PackContents pack = parsed.GetValue(_base) is { } basePath
            ? PackContents.Open(path, basePath)
            : PackContents.OpenAlone(path);
        VerifyResult result = _common.WithReporter(
            parsed,
            _terminal,
            reporter => PackVerifier.Verify(pack, EnvironmentVariables.Threads, reporter, cancellation)
        );
        if (parsed.GetValue(_common.Json))
        {
            _terminal.Out.WriteLine(
                JsonOutput.Write(
                    "packhorse/verify/1",
                    json =>
                    {
                        json.WriteString("digest", pack.Identity.ToString());
                        json.WriteNumber("members", result.Members);
                        json.WriteNumber("size", result.Bytes);
                        json.WriteNumber("not_verifiable", result.Unverifiable);
                        DeltaText.Write(json, pack);
                        WriteSigner(json, signer);
                    }
                )
            );
        }
        else
        {
            _terminal.Out.WriteLine(
                $"{pack.Where}: {result.Members} members of {ByteSize.Format(result.Bytes)} are what they should be"
            );
            DeltaText.Write(_terminal.Out, pack);
        }
        result.RequireComplete();
        return (int)ExitClass.Ok;
    }

    internal static void WriteSigner(Utf8JsonWriter json, Signer? signer)
    {
        if (signer is not null)
        {
            json.WriteStartObject("signed_by");
            json.WriteString("names", signer.Names);
            json.WriteString("key", signer.Key);
            json.WriteString("sha256", signer.Sha256.ToString());
            json.WriteEndObject();
        }
    }

    private int VerifyImage(ParseResult parsed, ImageFile image, Signer? signer, CancellationToken cancellation)
    {
        _common.WithReporter(
            parsed,
            _terminal,
            reporter =>
            {
                ImageVerifier.Verify(image, EnvironmentVariables.Threads, reporter, cancellation);
                return true;
            }
        );
        new ImageReport(_terminal).Verified(image, signer, asJson: parsed.GetValue(_common.Json));
        return (int)ExitClass.Ok;
    }
}
