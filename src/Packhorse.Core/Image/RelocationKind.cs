namespace Packhorse.Image;

/// <summary>What another prefix changes in a file of an image (<c>docs/FORMAT.md</c>, "Relocations").</summary>
public enum RelocationKind : byte
{
    /// <summary>The prefix wherever it stands, and the first line: the size changes.</summary>
    Text = 1,

    /// <summary>The prefix in strings that are filled up with NULs: the size stays.</summary>
    Binary = 2,

    /// <summary>What a file of conda-meta says of other files and of the prefix.</summary>
    Record = 3,

    /// <summary>Nothing: made by the writer, and not part of what is installed elsewhere.</summary>
    ByteCode = 4,
}

/// <summary>What stands at a place of a file of conda-meta.</summary>
public enum RecordPieceKind
{
    /// <summary>The SHA-256 of a file's content, in hexadecimal.</summary>
    Sha256 = 1,

    /// <summary>A file's size in decimal.</summary>
    Size = 2,

    /// <summary>The prefix as the inside of a JSON string.</summary>
    Prefix = 3,
}
