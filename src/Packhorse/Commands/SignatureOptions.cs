using System.CommandLine;
using Packhorse.Model;
using Packhorse.Signing;

namespace Packhorse.Commands;

/// <summary>Signatures that <c>packhorse verify</c> compares before anything else.</summary>
internal sealed class SignatureOptions
{
    private readonly Option<string?> _key = new("--key", "-k")
    {
        Description =
            "Require a signature by one of these: a file of allowed signers (ssh-keygen(1)), or a public key.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _signature = new("--signature")
    {
        Description = $"The signature. [default: PACK{FileSignature.Extension}]",
        HelpName = "FILE",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(_key);
        command.Options.Add(_signature);
        ArgumentRules.NotEmpty(_key, _signature);
    }

    /// <returns>Null where no signature is asked for.</returns>
    /// <exception cref="CorruptDataException">There is none by one of those keys.</exception>
    public Signer? Check(ParseResult parsed, string path, IReporter reporter, CancellationToken cancellation)
    {
        string? signature = parsed.GetValue(_signature);
        if (parsed.GetValue(_key) is { } keys)
        {
            return FileSignature.Verify(
                (path, signature ?? path + FileSignature.Extension, keys),
                TimeProvider.System,
                reporter,
                cancellation
            );
        }
        return signature is null
            ? null
            : throw new UsageException(
                ErrorCodes.BadArguments,
                "--signature needs --key: a signature by anybody says nothing"
            );
    }
}
