using System.Globalization;
using System.Text;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Fetch;

/// <summary>The layout of a cache's directory: <c>CACHEDIR.TAG</c>, <c>sha256/ab/ab…</c>, and <c>unfinished/</c> for what is being written.</summary>
public static class CacheDirectory
{
    private const string TagName = "CACHEDIR.TAG";
    private const string Content = "sha256";
    private const string Unfinished = "unfinished";

    // What every tool that makes backups looks for (https://bford.info/cachedir/).
    private const string Signature = "Signature: 8a477f597d28d172789f06886806bc55";

    // Whoever was writing an unfinished file that has not changed for so long is gone.
    private static readonly TimeSpan Abandoned = TimeSpan.FromDays(1);

    /// <summary>Makes it, and tags it as a cache.</summary>
    /// <exception cref="SystemRefusedException">It cannot be written to.</exception>
    public static void Create(string directory)
    {
        FileTree.CreateDirectory(Path.Combine(directory, Content));
        FileTree.CreateDirectory(Path.Combine(directory, Unfinished));
        string tag = Path.Combine(directory, TagName);
        if (!FileTree.FileExists(tag))
        {
            try
            {
                using OutputFile file = OutputFile.Create(tag, FilePermissions.ReadWrite);
                file.Write(
                    Encoding.ASCII.GetBytes(
                        $"{Signature}\n# This file is a cache directory tag created by packhorse.\n# For information about cache directory tags see https://bford.info/cachedir/\n"
                    ),
                    0
                );
                file.Complete(durable: false);
            }
            catch (TransientException)
            {
                // Another process is writing the same.
            }
        }
    }

    public static string PathOf(string directory, Digest sha256)
    {
        string hex = sha256.ToString();
        return Path.Combine(directory, Content, hex[..2], hex);
    }

    /// <summary>Of one writer alone, on whatever machine it is.</summary>
    internal static string UnfinishedPath(string directory, Digest sha256, double random)
    {
        string unique = ((ulong)(random * (1UL << 53))).ToString("x", CultureInfo.InvariantCulture);
        return Path.Combine(directory, Unfinished, $"{sha256}.{Environment.ProcessId}.{unique}");
    }

    /// <summary>What is in it.</summary>
    /// <exception cref="UsageException">It is no cache of ours.</exception>
    public static CacheContents Read(string directory)
    {
        Require(directory);
        return new CacheContents(
            [.. Entries(Path.Combine(directory, Content))],
            [.. Entries(Path.Combine(directory, Unfinished))]
        );
    }

    /// <summary>What would go, or goes: entries that were brought before a time, and what writers that are gone left unfinished.</summary>
    /// <param name="before">Null: all entries.</param>
    public static IReadOnlyList<CachedFile> Clean(
        string directory,
        DateTimeOffset? before,
        DateTimeOffset now,
        bool dryRun
    )
    {
        CacheContents contents = Read(directory);
        List<CachedFile> leaving =
        [
            .. contents.Entries.Where(entry => before is null || entry.Written < before),
            .. contents.Unfinished.Where(entry => entry.Written < now - Abandoned),
        ];
        foreach (CachedFile file in leaving)
        {
            if (!dryRun)
            {
                FileTree.DeleteFile(file.Path);
            }
        }
        return leaving;
    }

    private static IEnumerable<CachedFile> Entries(string directory) =>
        FileTree.DirectoryExists(directory)
            ? FileTree
                .ListFiles(directory)
                .Select(name => Path.Combine(directory, name))
                // Another process may remove it meanwhile.
                .Select(path =>
                    FileTree.Describe(path) is { } file ? new CachedFile(path, file.Length, file.Written) : null
                )
                .OfType<CachedFile>()
            : [];

    private static void Require(string directory)
    {
        string tag = Path.Combine(directory, TagName);
        bool isCache =
            FileTree.DirectoryExists(Path.Combine(directory, Content))
            && FileTree.FileExists(tag)
            && Encoding
                .Latin1.GetString(InputFile.ReadAllBytes(tag, 4096))
                .StartsWith(Signature, StringComparison.Ordinal);
        if (!isCache)
        {
            throw new UsageException(
                ErrorCodes.BadArguments,
                $"{EntryPath.Quote(directory)} is not a cache of packhorse's: it has no {TagName}, or no {Content}"
            )
            {
                Hint = "packhorse pack --use-cache DIR makes one",
            };
        }
    }
}

/// <param name="Written">When it was brought.</param>
public sealed record CachedFile(string Path, long Length, DateTimeOffset Written);

/// <param name="Unfinished">Being written, or left by a process that was killed.</param>
public sealed record CacheContents(IReadOnlyList<CachedFile> Entries, IReadOnlyList<CachedFile> Unfinished);
