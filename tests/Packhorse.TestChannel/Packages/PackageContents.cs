namespace Packhorse.TestChannel;

/// <summary>What stands in a package besides its record.</summary>
internal sealed class PackageContents
{
    private readonly SortedDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    public string Placeholder { get; set; } = TestChannel.Placeholder.Default;

    /// <summary>In the order of their paths.</summary>
    public IEnumerable<Entry> Entries => _entries.Values;

    public List<string> EntryPoints { get; } = [];

    public List<TarMember> ExtraMembers { get; } = [];

    /// <summary>By their path below <c>info/</c>.</summary>
    public SortedDictionary<string, FileContent> Info { get; } = new(StringComparer.Ordinal);

    public HashSet<string> OmittedInfo { get; } = new(StringComparer.Ordinal);

    public void AddFile(string path, FileContent content, int mode, PrefixMode prefix) =>
        _entries.Add(
            path,
            new Entry(path)
            {
                Content = content,
                Mode = mode,
                Prefix = prefix,
                Placeholder = Placeholder,
            }
        );

    public void AddSymlink(string path, string target) =>
        _entries.Add(path, new Entry(path) { LinkTarget = target, Mode = Modes.SymbolicLink });

    public void NoLink(string path) => _entries[path] = _entries[path] with { NoLink = true };

    /// <summary>The file that a chain of links in this package ends in, as paths.json states its size and digest.</summary>
    public FileContent ResolveLink(Entry link)
    {
        for (int hops = 0; hops < 40 && link.LinkTarget is { } target; hops++)
        {
            string directory = link.Path[..(link.Path.LastIndexOf('/') + 1)];
            string path = System.IO.Path.GetFullPath("/" + directory + target)[1..];
            if (target.StartsWith('/') || !_entries.TryGetValue(path, out Entry? next))
            {
                return FileContent.Empty;
            }
            link = next;
        }
        return link.LinkTarget is null ? link.Content : FileContent.Empty;
    }

    internal sealed record Entry(string Path)
    {
        public FileContent Content { get; init; } = FileContent.Empty;

        public string? LinkTarget { get; init; }

        public int Mode { get; init; }

        public PrefixMode Prefix { get; init; }

        public string Placeholder { get; init; } = "";

        public bool NoLink { get; init; }

        public TarMember ToMember() =>
            LinkTarget is null
                ? new TarMember(Path) { Content = Content, Mode = Mode }
                : new TarMember(Path, TarMember.SymbolicLink) { LinkName = LinkTarget, Mode = Mode };
    }
}
