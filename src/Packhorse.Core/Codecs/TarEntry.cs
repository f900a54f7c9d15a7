namespace Packhorse.Codecs;

public enum TarEntryType
{
    File,
    Directory,
    SymbolicLink,
    HardLink,

    /// <summary>Devices, pipes, sparse files and whatever else no package has.</summary>
    Other,
}

/// <summary>The header of one tar member, long names and pax records applied.</summary>
public sealed record TarEntry
{
    /// <summary>As written, not checked: "./a", "a/" and "../a" are possible.</summary>
    public required string Name { get; init; }

    public required TarEntryType Type { get; init; }

    /// <summary>The character of the header, for messages about <see cref="TarEntryType.Other"/>.</summary>
    public char TypeFlag { get; init; }

    /// <summary>Bytes of content that follow; 0 for all but files.</summary>
    public long Size { get; init; }

    /// <summary>Permission bits, 0 to 07777.</summary>
    public int Mode { get; init; }

    /// <summary>Seconds since 1970.</summary>
    public long Modified { get; init; }

    /// <summary>Text of a link; empty for all others.</summary>
    public string LinkName { get; init; } = "";
}
