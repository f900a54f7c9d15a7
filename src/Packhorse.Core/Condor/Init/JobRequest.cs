using Packhorse.Publish;

namespace Packhorse.Condor.Init;

/// <summary>How a job starts its environment.</summary>
public enum JobStart
{
    /// <summary>Mounted; a node that cannot is left, and the next start asks for the disk to unpack.</summary>
    Mount,

    /// <summary>Mounted or unpacked, with the disk for both from the beginning.</summary>
    Any,
}

/// <summary>What job files are to be written.</summary>
public sealed record JobRequest
{
    /// <summary>Begins the names of the files.</summary>
    public required string Name { get; init; }

    /// <summary>The environment: what <c>transfer_input_files</c> has for it.</summary>
    public required string Archive { get; init; }

    /// <summary>What it is called in the sandbox.</summary>
    public required string ArchiveName { get; init; }

    public required EnvironmentFacts Facts { get; init; }

    /// <summary>The SHA-256 of the last 4096 bytes of an image.</summary>
    public string? FooterSha256 { get; init; }

    /// <summary>The command; inputs among its arguments by their names in the sandbox.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Further input files.</summary>
    public IReadOnlyList<string> Inputs { get; init; } = [];

    /// <summary>Bytes of <see cref="Inputs"/> as far as they are known.</summary>
    public long InputBytes { get; init; }

    public IReadOnlyList<string> Outputs { get; init; } = [];

    /// <summary>Files by which an evicted job goes on.</summary>
    public IReadOnlyList<string> Checkpoints { get; init; } = [];

    public JobStart Start { get; init; }

    /// <summary>All of an image is compared with its digests before the command starts; null: when it comes through caches.</summary>
    public bool? VerifiesFirst { get; init; }

    /// <summary>GPUs of each job; null: one where the environment has CUDA in it.</summary>
    public int? Gpus { get; init; }

    public int Cpus { get; init; } = 1;

    /// <summary>As HTCondor takes it; null: a guess, which is told to be one.</summary>
    public string? Memory { get; init; }

    /// <summary>Bytes for what the job writes.</summary>
    public long OutputBytes { get; init; } = 1L << 30;

    /// <summary>Jobs.</summary>
    public int Jobs { get; init; } = 1;

    /// <summary>The archive is a common input file: transferred once for all jobs on a node.</summary>
    public bool IsCommon { get; init; }

    public required SiteProfile Site { get; init; }

    /// <summary>Lines that the site wants, without <c>requirements</c>.</summary>
    public IReadOnlyList<string> SiteLines { get; init; } = [];

    /// <summary>Expressions that the site wants to hold.</summary>
    public IReadOnlyList<string> SiteRequirements { get; init; } = [];

    /// <summary>What is published before jobs are submitted, and where to; null: nothing.</summary>
    public PublicationNote? Publication { get; init; }
}
