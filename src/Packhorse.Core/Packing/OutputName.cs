using System.Globalization;
using System.Text.RegularExpressions;
using Packhorse.Codecs;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Packing;

/// <summary>
/// The path of an output in which <c>{sha256:N}</c> stands for the first N digits of the SHA-256 of the whole file as stored, or
/// <c>{root:N}</c> for those of an image's root. Caches
/// take a name for its content, so that new content needs a new name (<c>docs/FORMAT.md</c>, "Names with a hash").
/// </summary>
public sealed partial class OutputName
{
    private const int FewestDigits = 8;
    private const int BlockBytes = 1 << 20;

    private readonly string _path;
    private readonly Match _placeholder;
    private readonly int _digits;

    private OutputName(string path, Match placeholder, int digits) =>
        (_path, _placeholder, _digits) = (path, placeholder, digits);

    /// <summary>True when the name is known only when the content is.</summary>
    public bool DependsOnContent => _placeholder.Success;

    /// <summary>True when the name has digits of an image's root.</summary>
    public bool DependsOnRoot => _placeholder.Groups["what"].Value.Equals("root", StringComparison.OrdinalIgnoreCase);

    /// <exception cref="UsageException">A placeholder that is none, or that stands for a part of a directory's name.</exception>
    public static OutputName Parse(string path)
    {
        Match first = Placeholders().Match(path);
        if (!first.Success)
        {
            return new OutputName(path, first, 0);
        }
        int digits = int.TryParse(
            first.Groups["digits"].Value,
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out int n
        )
            ? n
            : 0;
        string? mistake =
            first.NextMatch().Success ? "has more than one placeholder"
            : digits is < FewestDigits or > 2 * Digest.Size
                ? $"has {first.Value}: {{{first.Groups["what"].Value}:N}} takes {FewestDigits} to {2 * Digest.Size} digits, as in {{{first.Groups["what"].Value}:8}}"
            : path.AsSpan(first.Index).Contains('/') ? $"has {first.Value} in the name of a directory"
            : null;
        return mistake is null
            ? new OutputName(path, first, digits)
            : throw new UsageException(ErrorCodes.BadArguments, $"the output {EntryPath.Quote(path)} {mistake}");
    }

    /// <summary>Gives a file that is written its name.</summary>
    /// <exception cref="UsageException">Something other than a file has that name.</exception>
    internal void Complete(OutputFile file, CancellationToken cancellation) =>
        file.CompleteAs(DependsOnContent ? Fill(HashOf(file, cancellation)) : _path);

    /// <summary>Gives an image that is written its name.</summary>
    /// <inheritdoc cref="Complete(OutputFile, CancellationToken)"/>
    internal void Complete(OutputFile file, Digest root, CancellationToken cancellation)
    {
        if (DependsOnRoot)
        {
            file.CompleteAs(Fill(root));
        }
        else
        {
            Complete(file, cancellation);
        }
    }

    private string Fill(Digest digest) =>
        string.Concat(
            _path.AsSpan(0, _placeholder.Index),
            digest.ToString().AsSpan(0, _digits),
            _path.AsSpan(_placeholder.Index + _placeholder.Length)
        );

    private static Digest HashOf(OutputFile file, CancellationToken cancellation)
    {
        using var hash = new Sha256();
        var block = new byte[BlockBytes];
        long offset = 0;
        int count;
        while ((count = file.Read(block, offset)) > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            hash.Append(block.AsSpan(0, count));
            offset += count;
        }
        return hash.Finish();
    }

    // Whatever looks as if it was meant as one: a name with braces in it by mistake would be found much later.
    [GeneratedRegex(@"\{(?<what>sha256|root)(:(?<digits>[^}/]*))?\}", RegexOptions.IgnoreCase)]
    private static partial Regex Placeholders();
}
