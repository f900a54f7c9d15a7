using System.Text;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Pack;

/// <summary>What to unpack where.</summary>
public sealed record UnpackRequest
{
    // With what is put before and after it for the lock it must still be a name.
    private const int LongestName = 230;

    /// <summary>The directory that gets the environment and the activation script; absolute.</summary>
    public required string OutputDirectory { get; init; }

    /// <summary>Name of the environment's directory in it.</summary>
    public string EnvironmentName { get; init; } = "env";

    /// <summary>The shells that activation scripts are for; none: no script.</summary>
    public IReadOnlyList<ActivationTarget> Shells { get; init; } = [new(ActivationShell.Bash)];

    /// <summary>The platform of this machine.</summary>
    public required Platform Here { get; init; }

    /// <summary>What this machine offers to packages; what they miss is told as a warning.</summary>
    public VirtualPackages Machine { get; init; } = VirtualPackages.Unknown;

    /// <summary>Threads that unpack.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Wait while another process changes the same environment.</summary>
    public bool Wait { get; init; } = true;

    /// <summary>Runs the scripts of packages that were not there before, when all is in place; null: they are only named.</summary>
    public LinkScripts? LinkScripts { get; init; }

    /// <summary>Of an image: byte-code that its writer made is unpacked too.</summary>
    public bool KeepByteCode { get; init; }

    /// <summary>
    /// Of an image: paths in the environment, directories with all that is in them, that are unpacked first, in this order. Null: none
    /// is, and what the recorded program reads comes last.
    /// </summary>
    public IReadOnlyList<string>? First { get; init; }

    /// <summary>The environment's prefix.</summary>
    public string Prefix => Path.Combine(OutputDirectory, EnvironmentName);

    /// <summary>The activation scripts. Shells that read the same script share it.</summary>
    public IReadOnlyList<ActivationTarget> Scripts => [.. Shells.DistinctBy(shell => shell.FileName)];

    /// <summary>Where a script goes.</summary>
    public string PathOf(ActivationTarget script) => Path.Combine(OutputDirectory, script.FileName);

    /// <summary>Looks at everything that can be known before anything is read or written.</summary>
    /// <exception cref="UsageException">The name would leave the directory, or something is in the way.</exception>
    public void Check()
    {
        if (
            !EntryPath.IsSafe(EnvironmentName)
            || EnvironmentName.Contains('/')
            || Encoding.UTF8.GetByteCount(EnvironmentName) > LongestName
            || Scripts.Any(script => PathOf(script) == Prefix)
        )
        {
            throw new UsageException(
                ErrorCodes.BadArguments,
                $"{EntryPath.Quote(EnvironmentName)} cannot be the name of an environment"
            )
            {
                Hint = "it becomes the name of a directory: choose another with -e",
            };
        }
        // Scripts begin with a line that has the prefix in it.
        if (Prefix.Any(c => char.IsControl(c) || c == '\uFFFD'))
        {
            throw new UsageException(
                ErrorCodes.BadArguments,
                $"{EntryPath.Quote(Prefix)} cannot be a prefix: it has line breaks, control characters or bytes that are not UTF-8"
            );
        }
        if (FileTree.KindOf(OutputDirectory) is FileKind.File or FileKind.Other)
        {
            throw new UsageException(
                ErrorCodes.OutputInTheWay,
                $"the output directory {EntryPath.Quote(OutputDirectory)} is a file"
            )
            {
                Hint = "name a directory with -o; the environment is made below it",
            };
        }
        foreach (ActivationTarget script in Scripts)
        {
            OutputFile.CheckReplaceable(PathOf(script));
        }
    }
}

/// <summary>What unpacking did.</summary>
public sealed record UnpackResult
{
    public required string Prefix { get; init; }

    /// <summary>Paths; none when none was asked for.</summary>
    public required IReadOnlyList<string> ActivationScripts { get; init; }

    public required int Packages { get; init; }

    /// <summary>Packages that were there already and were kept.</summary>
    public required int Unchanged { get; init; }

    /// <summary>Packages without a digest, whose content nothing vouches for.</summary>
    public int Unverified { get; init; }
}
