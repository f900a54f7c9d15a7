using Packhorse.Image;
using Packhorse.Packing.Squashfs;

namespace Packhorse.Packing;

/// <summary>Whether an image gets byte-code of its Python modules.</summary>
public enum ByteCodeMode
{
    /// <summary>Where the environment's Python runs on this machine.</summary>
    Auto,

    /// <summary>Yes, or it is an error.</summary>
    On,

    /// <summary>No.</summary>
    Off,
}

/// <summary>What becomes of an image.</summary>
public sealed record ImageRequest
{
    public required PackPlan Plan { get; init; }

    /// <summary>Absolute path of the file to make.</summary>
    public required string Output { get; init; }

    /// <summary>Makes a self-extracting file that carries this; null for a bare image.</summary>
    public RuntimeImage? Runtime { get; init; }

    /// <summary>The prefix to bake in; null for the canonical one.</summary>
    public string? Prefix { get; init; }

    public ByteCodeMode ByteCode { get; init; }

    /// <summary>Variables for the packages' link scripts, which are run and what they write is in the image; null: they are not run.</summary>
    public IReadOnlyDictionary<string, string>? LinkScriptVariables { get; init; }

    /// <summary>Of zstd.</summary>
    public int CompressionLevel { get; init; } = DefaultCompressionLevel;

    /// <summary>What a program needed, to be read ahead when the image is mounted.</summary>
    public IReadOnlyList<UsedRange> Record { get; init; } = [];

    /// <summary>Threads that compress and digest.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Downloads that run at once, at most.</summary>
    public int Downloads { get; init; } = 50;

    /// <summary>Measured: higher levels cost ten times the time for 7 % of the size and are read no faster.</summary>
    public const int DefaultCompressionLevel = SquashfsOptions.DefaultLevel;
}

/// <summary>What was made.</summary>
/// <param name="Size">Bytes of the file.</param>
/// <param name="Prefix">That was baked in.</param>
/// <param name="Bytes">Of the environment.</param>
/// <param name="Root">Stands for every byte of the file.</param>
public sealed record ImageResult(
    string Output,
    long Size,
    string Prefix,
    int Packages,
    long Files,
    long Bytes,
    Model.Digest Root
);
