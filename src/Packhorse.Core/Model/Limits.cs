namespace Packhorse.Model;

/// <summary>
/// What input from outside may ask of this program. Every limit is named here and in <c>docs/FORMAT.md</c>; input beyond one is
/// refused with <see cref="ErrorCodes.LimitExceeded"/>.
/// </summary>
public static class Limits
{
    /// <summary>Bytes of one path inside a package or pack, in UTF-8.</summary>
    public const int PathBytes = 4096;

    /// <summary>Bytes of one component of such a path (NAME_MAX of Linux).</summary>
    public const int PathComponentBytes = 255;

    /// <summary>Members of one package or pack.</summary>
    public const int Members = 1_000_000;

    /// <summary>Bytes of one JSON document (index.json, paths.json, repodata.json, pixi-pack.json).</summary>
    public const int JsonBytes = 64 << 20;

    /// <summary>Bytes of a text list in <c>info/</c> (files, has_prefix, no_link) and of a <c>pixi.lock</c>.</summary>
    public const int TextBytes = 64 << 20;

    /// <summary>Levels of nesting of a <c>pixi.lock</c>; real ones have seven.</summary>
    public const int YamlDepth = 64;

    /// <summary>Nodes of a <c>pixi.lock</c>, keys included, those that aliases repeat counted every time.</summary>
    public const int YamlNodes = 4_000_000;

    /// <summary>Bytes that one compressed byte may become.</summary>
    public const int DecompressionRatio = 1000;

    /// <summary>Bytes that may be decompressed before <see cref="DecompressionRatio"/> is looked at.</summary>
    public const int DecompressionFloor = 16 << 20;

    /// <summary>log2 of the largest zstd window accepted: 128 MiB, what <c>zstd -22 --ultra</c> asks for.</summary>
    public const int ZstdWindowLog = 27;

    /// <summary>
    /// Bytes that one deflated byte may become where what was deflated is compressed itself: the two ratios multiply.
    /// </summary>
    public const int RecompressionRatio = 16;

    /// <summary>Bytes that may be inflated before <see cref="RecompressionRatio"/> is looked at.</summary>
    public const int RecompressionFloor = 1 << 20;

    /// <summary>Bytes of one file in a package or of one package, as lists state them: 64 TiB.</summary>
    public const long FileBytes = 1L << 46;

    /// <summary>Blocks of one file in an image: 2 TiB where they have 128 KiB.</summary>
    public const int ImageFileBlocks = 1 << 24;

    /// <summary>Bytes of a file that holds an image: 1 TiB.</summary>
    public const long ImageBytes = 1L << 40;

    /// <summary>Bytes of an image's relocations, which are kept in memory when they are used.</summary>
    public const int RelocationBytes = 64 << 20;

    /// <summary>Bytes of an image's hot set.</summary>
    public const int HotSetBytes = 16 << 20;

    /// <summary>Bytes of files' contents that are read ahead of a program: they take memory that it could need.</summary>
    public const long ReadAheadBytes = 1L << 30;

    /// <summary>Python packages that are read ahead of a program in a mounted environment.</summary>
    public const int PackagesAhead = 10_000;

    /// <summary>Bytes of a program that are asked for before it begins, in a mounted environment: as many as need not wait for each other.</summary>
    public const int ProgramAheadBytes = 7 << 20;

    /// <summary>Characters of the paths of all directories of an environment; a path of n components has n of them.</summary>
    public const int DirectoryCharacters = 256 << 20;

    /// <summary>Bytes of a pax extended header or a GNU long name.</summary>
    public const int TarExtensionBytes = 1 << 20;

    /// <summary>Bytes of the first line of a script that is still looked at as a shebang.</summary>
    public const int ShebangBytes = 64 << 10;

    /// <summary>Packages in one environment.</summary>
    public const int Packages = 20_000;

    /// <summary>Compressed bytes of one package that unpacking from a stream holds in memory.</summary>
    public const int StreamedPackageBytes = 32 << 20;

    /// <summary>Compressed bytes of all packages that unpacking from a stream holds in memory at once.</summary>
    public const int StreamedTotalBytes = 48 << 20;

    /// <summary>Bytes of a detached signature; one of a long RSA key has 4 KiB.</summary>
    public const int SignatureBytes = 64 << 10;

    /// <summary>Bytes of a file of allowed signers.</summary>
    public const int AllowedSignersBytes = 1 << 20;
}
