using System.CommandLine;
using Packhorse.Model;
using Packhorse.Output;
using Packhorse.Signing;

namespace Packhorse.Commands;

/// <summary><c>packhorse sign</c>.</summary>
internal sealed class SignCommand
{
    private readonly Argument<string[]> _files = new("FILE")
    {
        Description = "What to sign: packs, images, self-extracting files; FILE.sig is made beside each.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string> _key = new("--key", "-k")
    {
        Description =
            "Key of SSH to sign with: a private key, or a public one whose private key an agent or a security key holds.",
        HelpName = "KEY",
        Required = true,
    };

    private readonly CommonOptions _common = new();
    private readonly Terminal _terminal;

    private SignCommand(Terminal terminal) => _terminal = terminal;

    public static Command Build(Terminal terminal)
    {
        var self = new SignCommand(terminal);
        var command = new Command(
            "sign",
            "Sign files with a key of SSH, by ssh-keygen: packhorse verify --key and ssh-keygen -Y verify compare them."
        )
        {
            self._files,
            self._key,
            self._common.Json,
            self._common.Quiet,
            self._common.Verbose,
        };
        ArgumentRules.NotEmpty(self._key);
        Examples.Add(
            command,
            "packhorse sign environment.sh --key ~/.ssh/id_ed25519",
            "packhorse verify environment.sh --key allowed_signers"
        );
        command.SetAction((parsed, cancellation) => Task.FromResult(self.Run(parsed, cancellation)));
        return command;
    }

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        foreach (string path in parsed.GetValue(_files)!)
        {
            string key = parsed.GetValue(_key)!;
            // ssh-keygen may ask its user: nothing of ours is drawn over that.
            var reporter = new PlainReporter(_terminal.Error, _common.Verbosity(parsed), TimeProvider.System);
            (string signature, Signer signer) = FileSignature.Sign(
                path,
                key,
                Path.GetTempPath(),
                reporter,
                cancellation
            );
            Report(parsed, path, signature, signer);
        }
        return (int)ExitClass.Ok;
    }

    private void Report(ParseResult parsed, string path, string signature, Signer signer)
    {
        if (parsed.GetValue(_common.Json))
        {
            _terminal.Out.WriteLine(
                JsonOutput.Write(
                    "packhorse/sign/1",
                    json =>
                    {
                        json.WriteString("path", path);
                        json.WriteString("signature", signature);
                        json.WriteString("key", signer.Key);
                        json.WriteString("sha256", signer.Sha256.ToString());
                    }
                )
            );
        }
        else if (_common.Verbosity(parsed) != Verbosity.Quiet)
        {
            _terminal.Error.WriteLine($"Signed {Printable.Text(path)} with {signer.Key}: {Printable.Text(signature)}");
        }
    }
}
