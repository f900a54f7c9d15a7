namespace Packhorse.TestChannel;

/// <summary>A finished channel with a lock file over all of its packages.</summary>
public sealed class Channel
{
    internal Channel(ChannelDirectory contents, string lockFile, string relativeLockFile)
    {
        Contents = contents;
        LockFile = lockFile;
        RelativeLockFile = relativeLockFile;
    }

    /// <summary>Has <c>linux-64/</c> and <c>noarch/</c>.</summary>
    public string Directory => Contents.Root;

    /// <summary><c>pixi.lock</c> with absolute URLs, <c>pixi.toml</c> beside it.</summary>
    public string LockFile { get; }

    /// <summary>Another <c>pixi.lock</c>, with <c>pixi.toml</c> beside it, that names the packages by relative paths.</summary>
    public string RelativeLockFile { get; }

    public string Manifest => Path.Combine(Path.GetDirectoryName(LockFile)!, "pixi.toml");

    public IReadOnlyList<BuiltPackage> Packages => Contents.Packages;

    /// <summary>Of the <c>python</c> package, <c>3.11</c>; null when there is none.</summary>
    public string? PythonVersion =>
        Packages.FirstOrDefault(package => package.Record.Name == "python") is { } python
            ? string.Join('.', python.Record.Version.Split('.')[..2])
            : null;

    /// <summary>Bytes of all packages as they stand in the channel.</summary>
    public long PackedSize => Packages.Sum(package => package.Content.Length);

    private ChannelDirectory Contents { get; }
}
