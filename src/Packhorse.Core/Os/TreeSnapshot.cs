using Packhorse.Model;

namespace Packhorse.Os;

/// <summary>
/// What is below a directory at one moment: kind, size, time and permissions of everything, symbolic links not followed. Two of them tell what a
/// program has done in between. Paths are relative to the directory.
/// </summary>
public sealed class TreeSnapshot
{
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    private TreeSnapshot() { }

    /// <exception cref="SystemRefusedException">A directory cannot be listed.</exception>
    public static TreeSnapshot Of(string root)
    {
        var snapshot = new TreeSnapshot();
        snapshot.Add(root, "");
        return snapshot;
    }

    public bool IsDirectory(string path) =>
        _entries.TryGetValue(path, out Entry entry) && entry.Kind == FileKind.Directory;

    /// <summary>True for a pipe, a device or a socket.</summary>
    public bool IsOther(string path) => _entries.TryGetValue(path, out Entry entry) && entry.Kind == FileKind.Other;

    /// <summary>What a symbolic link says; null for what is none.</summary>
    public string? LinkText(string path) => _entries.GetValueOrDefault(path).Link;

    public UnixFileMode Mode(string path) => _entries[path].Mode;

    /// <summary>What was not there before, or was something else; parents first.</summary>
    public IReadOnlyList<string> ChangedSince(TreeSnapshot before) =>
        [
            .. _entries
                .Where(pair => !before._entries.TryGetValue(pair.Key, out Entry earlier) || earlier != pair.Value)
                .Select(pair => pair.Key)
                .Order(StringComparer.Ordinal),
        ];

    /// <summary>What was there before and is not any more.</summary>
    public IEnumerable<string> MissingSince(TreeSnapshot before) =>
        before._entries.Keys.Where(path => !_entries.ContainsKey(path));

    private void Add(string directory, string relative)
    {
        foreach (string name in FileTree.List(directory))
        {
            string path = Path.Combine(directory, name);
            string inner = relative.Length == 0 ? name : $"{relative}/{name}";
            Entry entry = SystemErrors.Translating("look at", path, () => Describe(path));
            _entries.Add(inner, entry);
            if (entry.Kind == FileKind.Directory)
            {
                Add(path, inner);
            }
        }
    }

    // Of a directory only that it is one: its time and size change with what is in it.
    private static Entry Describe(string path)
    {
        var file = new FileInfo(path);
        if (file.LinkTarget is { } link)
        {
            return new Entry(FileKind.None, 0, default, default, link);
        }
        FileKind kind = FileKinds.Of(path);
        return kind == FileKind.File
            ? new Entry(kind, file.Length, file.LastWriteTimeUtc, FilePermissions.Of(path), null)
            : new Entry(kind, 0, default, default, null);
    }

    private readonly record struct Entry(FileKind Kind, long Length, DateTime Written, UnixFileMode Mode, string? Link);
}
