using Packhorse.Model;

namespace Packhorse.Run;

/// <summary>What <c>run</c> and <c>shell</c> ask for, whichever program is called: an environment, and where it may be put.</summary>
public sealed record StartRequest
{
    /// <summary>A tar, a directory or a self-extracting file.</summary>
    public required string Pack { get; init; }

    /// <summary>The directory for environments that the user named; null: the first of <see cref="Scratch"/> that can be used.</summary>
    public string? Into { get; init; }

    /// <summary>Directories to put environments into otherwise, in order; null, empty and missing ones are passed over.</summary>
    public IReadOnlyList<string?> Scratch { get; init; } = [];

    /// <summary>The platform of this machine.</summary>
    public required Platform Here { get; init; }

    /// <summary>Threads that unpack.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>The caller's variables, which what is started gets, with the environment's.</summary>
    public required ProcessEnvironment Variables { get; init; }
}
