using Packhorse.Model;

namespace Packhorse.Conda;

/// <summary>What a package says of itself in <c>info/</c>, as far as an installer needs it.</summary>
public sealed record PackageInfo
{
    /// <summary>From index.json.</summary>
    public required PackageRecord Index { get; init; }

    /// <summary>
    /// What the package installs. Of packages older than paths.json the types, digests and sizes are not known before their content
    /// is read: <see cref="PathTypesKnown"/>.
    /// </summary>
    public required IReadOnlyList<PackagePath> Paths { get; init; }

    public bool PathTypesKnown { get; init; } = true;

    /// <summary>Commands to make; of noarch python packages only.</summary>
    public IReadOnlyList<EntryPoint> EntryPoints { get; init; } = [];

    /// <summary>When <c>info/about.json</c> was written, seconds since 1970; files that get the prefix are one second younger.</summary>
    public long? AboutModified { get; init; }

    /// <summary>Scripts that conda would run (<c>bin/.NAME-post-link.sh</c> and the like), which are not run here.</summary>
    public IReadOnlyList<string> LinkScripts { get; init; } = [];
}
