using Packhorse.Install;
using Packhorse.Model;

namespace Packhorse.Pack;

/// <summary>What to unpack where.</summary>
public sealed record UnpackRequest
{
    /// <summary>The directory that gets the environment and the activation script; absolute.</summary>
    public required string OutputDirectory { get; init; }

    /// <summary>Name of the environment's directory in it.</summary>
    public string EnvironmentName { get; init; } = "env";

    public ActivationShell Shell { get; init; } = ActivationShell.Bash;

    /// <summary>The platform of this machine.</summary>
    public required Platform Here { get; init; }

    /// <summary>Threads that unpack.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Wait while another process changes the same environment.</summary>
    public bool Wait { get; init; } = true;

    /// <summary>The environment's prefix.</summary>
    public string Prefix => Path.Combine(OutputDirectory, EnvironmentName);

    /// <exception cref="UsageException">The name would leave the directory.</exception>
    public void Check()
    {
        if (!EntryPath.IsSafe(EnvironmentName) || EnvironmentName.Contains('/'))
        {
            throw new UsageException(
                ErrorCodes.BadArguments,
                $"{EntryPath.Quote(EnvironmentName)} cannot be the name of an environment"
            );
        }
    }
}

/// <summary>What unpacking did.</summary>
public sealed record UnpackResult
{
    public required string Prefix { get; init; }

    public required string ActivationScript { get; init; }

    public required int Packages { get; init; }

    /// <summary>Packages that were there already and were kept.</summary>
    public required int Unchanged { get; init; }

    /// <summary>Packages without a digest, whose content nothing vouches for.</summary>
    public required int Unverified { get; init; }
}
