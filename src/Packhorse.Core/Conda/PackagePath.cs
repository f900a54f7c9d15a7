using Packhorse.Model;

namespace Packhorse.Conda;

/// <summary>How a file with a prefix in it is rewritten (paths.json <c>file_mode</c>).</summary>
public enum PrefixFileMode
{
    /// <summary>Bytes are replaced and the length may change.</summary>
    Text,

    /// <summary>NUL-terminated strings keep their length.</summary>
    Binary,
}

/// <summary>paths.json <c>path_type</c>.</summary>
public enum PackagePathType
{
    HardLink,
    SoftLink,
    Directory,
}

/// <summary>The prefix that a package was built with, found in one of its files.</summary>
public sealed record PrefixPlaceholder(string Text, PrefixFileMode Mode);

/// <summary>One entry of <c>info/paths.json</c> (CEP 34), or what the older lists say of a path.</summary>
public sealed record PackagePath
{
    /// <summary>In the package, checked: <see cref="EntryPath.IsSafe"/>.</summary>
    public required string Path { get; init; }

    public PackagePathType Type { get; init; }

    /// <summary>Of the file as packaged; for a soft link, of what it points to or of nothing in particular.</summary>
    public Digest? Sha256 { get; init; }

    /// <summary>Bytes as packaged.</summary>
    public long? Size { get; init; }

    /// <summary>Bytes that installing it takes, as far as they are known: lists give links the size of what they point to.</summary>
    public long InstalledSize => Type == PackagePathType.HardLink ? Size ?? 0 : 0;

    /// <summary>Always copied, never linked to another place.</summary>
    public bool NoLink { get; init; }

    public PrefixPlaceholder? Placeholder { get; init; }
}
