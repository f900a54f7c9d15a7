using System.CommandLine;
using Packhorse.Model;
using Packhorse.Signing;

namespace Packhorse.Commands;

/// <summary>Signatures that <c>verify</c> and <c>fetch</c> ask for.</summary>
/// <param name="what">What the file is called in the command's help.</param>
internal sealed class SignatureOptions(string what)
{
    private readonly Option<string?> _key = new("--key", "-k")
    {
        Description =
            "Require a signature by one of these: a file of allowed signers (ssh-keygen(1)), or a public key.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _signature = new("--signature")
    {
        Description = $"The signature. [default: {what}{FileSignature.Extension}]",
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
        return Wanted(parsed) is not var (keys, signature)
            ? null
            : FileSignature.Verify(
                (path, signature ?? path + FileSignature.Extension, keys),
                TimeProvider.System,
                reporter,
                cancellation
            );
    }

    /// <returns>The keys, and the signature where it was named; null where no signature is asked for.</returns>
    /// <exception cref="UsageException">A signature without keys.</exception>
    public (string Keys, string? Signature)? Wanted(ParseResult parsed)
    {
        string? signature = parsed.GetValue(_signature);
        return parsed.GetValue(_key) is { } keys ? (keys, signature)
            : signature is null ? null
            : throw new UsageException(
                ErrorCodes.BadArguments,
                "--signature needs --key: a signature by anybody says nothing"
            );
    }
}
