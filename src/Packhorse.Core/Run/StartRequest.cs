using Packhorse.Install;
using Packhorse.Model;
using Packhorse.Mount;
using Packhorse.Os;

namespace Packhorse.Run;

/// <summary>What <c>run</c> and <c>shell</c> ask for, whichever program is called: an environment, and where it may be put.</summary>
public sealed record StartRequest
{
    /// <summary>A tar, a directory or a self-extracting file.</summary>
    public required string Pack { get; init; }

    /// <summary>Of a delta, the pack that the rest of its packages is in; null: there is none.</summary>
    public string? Base { get; init; }

    /// <summary>The directory for environments that the user named; null: the first of <see cref="Scratch"/> that can be used.</summary>
    public string? Into { get; init; }

    /// <summary>Directories to put environments into otherwise, in order; null, empty and missing ones are passed over.</summary>
    public IReadOnlyList<string?> Scratch { get; init; } = [];

    /// <summary>The platform of this machine.</summary>
    public required Platform Here { get; init; }

    /// <summary>What is said to be there in place of what is found: <c>NAME=VERSION</c> each.</summary>
    public IReadOnlyList<string> VirtualOverrides { get; init; } = [];

    /// <summary>Threads that unpack.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>The caller's variables, which what is started gets, with the environment's.</summary>
    public required ProcessEnvironment Variables { get; init; }

    /// <summary>Which ways to start may be tried, where there are several.</summary>
    public StartPolicy Policy { get; init; } = StartPolicy.Auto;

    /// <summary>Stands for the job that this process belongs to, and no other; null: not known to be one.</summary>
    public string? Job { get; init; }

    /// <summary>The directory that the environment is to appear as; null: one that Packhorse chooses.</summary>
    public string? Directory { get; init; }

    /// <summary>The environment can be changed; what is changed is kept in scratch space.</summary>
    public bool IsWritable { get; init; }

    /// <summary>A file that gets what is read of the image; null: not recorded.</summary>
    public string? Record { get; init; }

    /// <summary>What is going to be started, as text: directories that it names are left alone.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>Gets the one sentence for the job's log on how the environment came to be there.</summary>
    public Action<string> Tell { get; init; } = _ => { };

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>What this machine offers to packages: found out at each call, which takes a millisecond.</summary>
    /// <exception cref="UsageException">An override is none.</exception>
    public VirtualPackages Machine() =>
        VirtualOverrides.Aggregate(VirtualPackages.Detect(), (machine, assignment) => machine.With(assignment));

    /// <summary>The same at a directory of the user's: mounted there or not at all.</summary>
    /// <exception cref="UsageException">There is no such directory, or it is not empty.</exception>
    public StartRequest At(string directory)
    {
        string absolute = FileTree.Absolute(directory);
        if (!FileTree.IsRealDirectory(absolute) || !FileTree.IsKnownEmpty(absolute))
        {
            throw new UsageException(ErrorCodes.BadArguments, $"{EntryPath.Quote(directory)} is no empty directory")
            {
                Hint = "an environment is mounted at an empty directory that is there",
            };
        }
        return this with { Directory = absolute, Policy = Policy.Without(Rung.Join, Rung.Unpack) };
    }

    /// <summary>The same, and what is read of the image is noted in a file.</summary>
    public StartRequest Recording(string output) =>
        this with
        {
            Record = FileTree.Absolute(output),
            Policy = Policy.Without(Rung.Join, Rung.Unpack),
        };
}
