namespace Packhorse.TestChannel;

/// <summary>One file or symbolic link as it is to stand in a package.</summary>
/// <param name="Path">In the prefix.</param>
internal sealed record PrefixFile(string Path, byte[] Content, int Mode)
{
    /// <summary>Of symbolic links; null for files.</summary>
    public string? LinkTarget { get; init; }

    public PrefixMode Prefix { get; init; }

    public static PrefixFile Link(string path, string target) =>
        new(path, [], Modes.SymbolicLink) { LinkTarget = target };
}

/// <summary>The files of one package, by their paths in the prefix.</summary>
internal sealed class PrefixTree
{
    private readonly SortedDictionary<string, PrefixFile> _files = new(StringComparer.Ordinal);

    public IReadOnlyCollection<PrefixFile> Files => _files.Values;

    /// <summary>Text of Debian's copyright file, by the name of the package.</summary>
    public SortedDictionary<string, byte[]> Licenses { get; } = new(StringComparer.Ordinal);

    /// <summary>The newest file, in seconds since 1970.</summary>
    public long Modified { get; set; }

    public PrefixFile? this[string path] => _files.GetValueOrDefault(path);

    public void Set(PrefixFile file) => _files[file.Path] = file;

    public void Set(string path, byte[] content, int mode = Modes.Regular, PrefixMode prefix = PrefixMode.None) =>
        Set(new PrefixFile(path, content, mode) { Prefix = prefix });

    public void Remove(string path) => _files.Remove(path);

    /// <summary>The files as they are now, so that they can be changed meanwhile.</summary>
    public PrefixFile[] Snapshot() => [.. _files.Values];

    public void AddTo(PackageBuilder builder)
    {
        foreach (PrefixFile file in _files.Values)
        {
            if (file.LinkTarget is null)
            {
                builder.AddFile(file.Path, file.Content, file.Mode, file.Prefix);
            }
            else
            {
                builder.AddSymlink(file.Path, file.LinkTarget);
            }
        }
        foreach ((string package, byte[] text) in Licenses)
        {
            builder.AddInfo($"licenses/{package}/copyright", text);
        }
    }
}
