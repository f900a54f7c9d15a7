using Packhorse.Codecs;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Packing;

/// <summary>
/// The path of an output, perhaps with a placeholder for its content (<see cref="NameTemplate"/>). Caches take a name for its content,
/// so that new content needs a new name (<c>docs/FORMAT.md</c>, "Names with a hash").
/// </summary>
public sealed class OutputName
{
    private readonly NameTemplate _template;

    private OutputName(NameTemplate template) => _template = template;

    /// <inheritdoc cref="NameTemplate.DependsOnContent"/>
    public bool DependsOnContent => _template.DependsOnContent;

    /// <inheritdoc cref="NameTemplate.DependsOnRoot"/>
    public bool DependsOnRoot => _template.DependsOnRoot;

    /// <inheritdoc cref="NameTemplate.Parse"/>
    public static OutputName Parse(string path) => new(NameTemplate.Parse(path));

    /// <summary>Gives a file that is written its name.</summary>
    /// <exception cref="UsageException">Something other than a file has that name.</exception>
    internal void Complete(OutputFile file, CancellationToken cancellation) =>
        file.CompleteAs(
            _template.Fill(DependsOnContent ? ContentDigest.Of(file, SilentReporter.Instance, cancellation) : default)
        );

    /// <summary>Gives an image that is written its name.</summary>
    /// <inheritdoc cref="Complete(OutputFile, CancellationToken)"/>
    internal void Complete(OutputFile file, Digest root, CancellationToken cancellation)
    {
        if (DependsOnRoot)
        {
            file.CompleteAs(_template.Fill(root));
        }
        else
        {
            Complete(file, cancellation);
        }
    }
}
