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

/// <summary>A command that an installer makes for a noarch python package (<c>link.json</c>): <c>command = module:function</c>.</summary>
public sealed record EntryPoint(string Command, string Module, string Function)
{
    /// <exception cref="CorruptDataException">Not of that form, or a name that could leave <c>bin/</c>.</exception>
    public static EntryPoint Parse(string text, string where)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        int colon = equals < 0 ? -1 : text.IndexOf(':', equals);
        if (colon > 0)
        {
            var entryPoint = new EntryPoint(
                text[..equals].Trim(),
                text[(equals + 1)..colon].Trim(),
                // "function [extra]": extras say what pip should have installed.
                text[(colon + 1)..].Split('[')[0].Trim()
            );
            if (entryPoint.IsSafe())
            {
                return entryPoint;
            }
        }
        throw new CorruptDataException(ErrorCodes.BadPackage, $"{where}: no entry point: {EntryPath.Quote(text)}");
    }

    // The module and the function become Python source.
    private bool IsSafe() =>
        EntryPath.IsSafe(Command)
        && !Command.AsSpan().ContainsAny('/', '\\', '\n')
        && Command[0] != '.'
        && IsDottedName(Module)
        && IsDottedName(Function);

    private static bool IsDottedName(string text) =>
        text.Split('.')
            .All(part =>
                part.Length > 0 && !char.IsDigit(part[0]) && part.All(c => char.IsLetterOrDigit(c) || c == '_')
            );
}
