using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Fetch;

/// <summary>
/// What was brought before, by its SHA-256: <c>DIR/sha256/ab/ab…</c>. Any number of processes may use one directory at once: an entry
/// gets its name when it is whole, and whoever reads it compares it with its name. Without the directory, or when it fails, packing
/// goes on without it.
/// </summary>
public sealed class PackageCache
{
    private readonly IReporter _reporter;
    private readonly Func<double> _randomness;
    private readonly IReadOnlyList<string> _others;
    private readonly string? _directory;
    private int _refused;

    /// <param name="directory">Made when it is not there; null to only look into <paramref name="others"/>.</param>
    /// <param name="others">Directories of conda, mamba and pixi in which package files may lie. Nothing is written there.</param>
    /// <param name="randomness">Numbers of [0, 1), for names of unfinished files.</param>
    public PackageCache(string? directory, IReadOnlyList<string> others, Func<double> randomness, IReporter reporter)
    {
        _others = [.. others.Where(FileTree.DirectoryExists)];
        _randomness = randomness;
        _reporter = reporter;
        _directory = directory;
        if (directory is not null)
        {
            Try(() => CacheDirectory.Create(directory));
        }
    }

    /// <summary>No directories at all.</summary>
    public static PackageCache None { get; } = new(null, [], () => 0, SilentReporter.Instance);

    /// <summary>Entries that were not what their names say: reported, removed and brought again.</summary>
    public int Damaged => _damaged;

    private int _damaged;

    private bool IsUsable => _directory is not null && Volatile.Read(ref _refused) == 0;

    /// <summary>Files that may hold what is wanted; each has to be compared with its digest.</summary>
    /// <param name="url">Where the file was published: caches of other tools go by names.</param>
    internal IEnumerable<CacheEntry> Find(Digest sha256, string url)
    {
        string[] segments = Uri.UnescapeDataString(url.Split('?', '#')[0]).Split('/');
        string name = segments[^1];
        string subdir = segments.ElementAtOrDefault(segments.Length - 2) ?? "";
        if (_directory is not null)
        {
            yield return new CacheEntry(CacheDirectory.PathOf(_directory, sha256), IsOwn: true);
            if (EntryPath.IsSafe($"{subdir}/{name}"))
            {
                // pixi-pack's.
                yield return new CacheEntry(Path.Combine(_directory, subdir, name), IsOwn: false);
                yield return new CacheEntry(Path.Combine(_directory, "pypi", name), IsOwn: false);
            }
        }
        if (EntryPath.IsSafe(name))
        {
            foreach (string other in _others)
            {
                yield return new CacheEntry(Path.Combine(other, name), IsOwn: false);
            }
        }
    }

    /// <summary>An entry is not what its name says. Only our own are removed.</summary>
    internal void Discard(CacheEntry entry, string name)
    {
        if (!entry.IsOwn)
        {
            _reporter.Detail($"{entry.Path} is another file of that name, and is not used");
            return;
        }
        Interlocked.Increment(ref _damaged);
        _reporter.Warn($"the cache's copy of {EntryPath.Quote(name)} is damaged, and is brought again: {entry.Path}");
        Try(() => FileTree.DeleteFile(entry.Path));
    }

    /// <summary>There is an entry already: perhaps what is being read, perhaps of another process.</summary>
    internal bool Has(Digest sha256) =>
        _directory is not null && FileTree.FileExists(CacheDirectory.PathOf(_directory, sha256));

    /// <summary>A file to write into, that becomes the entry by <see cref="Admit"/>; null when there is no use in it.</summary>
    internal OutputFile? Begin(Digest sha256)
    {
        if (!IsUsable)
        {
            return null;
        }
        OutputFile? file = null;
        Try(() =>
        {
            string path = CacheDirectory.PathOf(_directory!, sha256);
            FileTree.CreateDirectory(Path.GetDirectoryName(path)!);
            file = OutputFile.CreateAt(
                CacheDirectory.UnfinishedPath(_directory!, sha256, _randomness()),
                path,
                FilePermissions.ReadWrite
            );
        });
        return file;
    }

    /// <summary>A whole file becomes an entry. Not made durable: what a crash leaves of it is found damaged.</summary>
    internal void Admit(OutputFile file) => Try(() => file.Complete(durable: false));

    /// <summary>Does something with the cache; when it fails, the cache is not written to any more.</summary>
    internal void Try(Action action)
    {
        try
        {
            action();
        }
        catch (PackhorseException error)
        {
            Refuse(error);
        }
    }

    /// <summary>Something failed that has to do with the cache only.</summary>
    internal void Refuse(PackhorseException error)
    {
        if (Interlocked.Exchange(ref _refused, 1) == 0)
        {
            _reporter.Warn($"the cache is not written to any more: {error.Message}");
        }
    }
}

/// <summary>A file that may hold what is wanted.</summary>
/// <param name="IsOwn">Of the content-addressed part of the directory.</param>
internal sealed record CacheEntry(string Path, bool IsOwn);
