using System.CommandLine;
using Packhorse.Model;
using Packhorse.Pack;

namespace Packhorse.Commands;

/// <summary>Digests that are known by another way, compared before a pack is used.</summary>
internal sealed class ExpectOptions
{
    private readonly Option<string> _expect = new("--expect")
    {
        Description = "The SHA-256 of the whole file, known by another way: compared before anything else.",
        HelpName = "sha256:HEX",
    };

    private readonly Option<string> _root = new("--root")
    {
        Description =
            "The root of an image, or the digest of a pack's manifest, known by another way: compared at once.",
        HelpName = "HEX",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(_expect);
        command.Options.Add(_root);
        ArgumentRules.NotEmpty(_expect, _root);
    }

    /// <exception cref="CorruptDataException">It is another file.</exception>
    public void Check(ParseResult parsed, string pack, IReporter reporter, CancellationToken cancellation) =>
        ExpectedFile.Parse(parsed.GetValue(_expect), parsed.GetValue(_root)).Check(pack, reporter, cancellation);
}
