using System.Runtime.Versioning;
using Packhorse.Model;
using Packhorse.Os.Interop;

namespace Packhorse.Os;

/// <summary>Questions and changes to names in the file system.</summary>
public static class FileTree
{
    public static bool FileExists(string path) => File.Exists(path);

    public static bool DirectoryExists(string path) => Directory.Exists(path);

    /// <summary>Symbolic links are followed.</summary>
    public static FileKind KindOf(string path) => FileKinds.Of(path);

    /// <summary>True for anything with that name, a dangling symbolic link included.</summary>
    public static bool Exists(string path) => Path.Exists(path) || new FileInfo(path).LinkTarget is not null;

    /// <summary>True for a directory that is not reached through a symbolic link of that name.</summary>
    public static bool IsRealDirectory(string path) => new DirectoryInfo(path) is { Exists: true, LinkTarget: null };

    public static string CurrentDirectory => Environment.CurrentDirectory;

    /// <exception cref="UsageException">No path at all.</exception>
    /// <exception cref="NotFoundException">It is relative, and the current directory is gone.</exception>
    public static string Absolute(string path) =>
        path.Length == 0 || path.Contains('\0')
            ? throw new UsageException(ErrorCodes.BadArguments, $"{EntryPath.Quote(path)} is no path")
            : SystemErrors.Translating("find the current directory for", path, () => Path.GetFullPath(path));

    public static void CreateDirectory(string path) =>
        SystemErrors.Translating("create the directory", path, () => Directory.CreateDirectory(path));

    /// <summary>Names of what is in a directory, sorted by their characters' codes.</summary>
    public static IReadOnlyList<string> List(string path) =>
        SystemErrors.Translating(
            "list",
            path,
            () =>
                Directory
                    .EnumerateFileSystemEntries(path)
                    .Select(entry => Path.GetFileName(entry)!)
                    .Order(StringComparer.Ordinal)
                    .ToArray()
        );

    /// <summary>All files and links below a directory, relative to it; symbolic links are not followed.</summary>
    public static IEnumerable<string> ListFiles(string path)
    {
        foreach (string name in List(path))
        {
            string inner = Path.Combine(path, name);
            if (!IsRealDirectory(inner))
            {
                yield return name;
                continue;
            }
            foreach (string below in ListFiles(inner))
            {
                yield return $"{name}/{below}";
            }
        }
    }

    /// <summary>Bytes and time of the last change of a file; null when it is not there.</summary>
    public static (long Length, DateTimeOffset Written)? Describe(string path) =>
        new FileInfo(path) is { Exists: true } file ? (file.Length, file.LastWriteTimeUtc) : null;

    public static bool IsEmptyDirectory(string path) =>
        Directory.Exists(path) && !Directory.EnumerateFileSystemEntries(path).Any();

    /// <summary>As <see cref="IsEmptyDirectory"/>, and false for one that may not be listed.</summary>
    public static bool IsKnownEmpty(string path)
    {
        try
        {
            return IsEmptyDirectory(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Where a path leads when every symbolic link in it is followed; null when it leads nowhere, or the system does not tell.</summary>
    [SupportedOSPlatform("linux")]
    public static string? Resolve(string path)
    {
        try
        {
            // Only the name is opened: that waits for no pipe and needs no permission to read.
            using Descriptor opened = Descriptor.Open(path, LibC.O_PATH);
            return new FileInfo($"/proc/self/fd/{opened.Number}").LinkTarget;
        }
        catch (Exception error) when (error is PackhorseException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Moves a file or directory within one file system, never over an existing file.</summary>
    public static void Move(string from, string to) =>
        SystemErrors.Translating("rename", from, () => Directory.Move(from, to));

    public static void CreateSymbolicLink(string path, string target) =>
        SystemErrors.Translating("create the link", path, () => File.CreateSymbolicLink(path, target));

    public static void DeleteFile(string path) => SystemErrors.Translating("remove", path, () => File.Delete(path));

    /// <summary>Bytes of a file.</summary>
    public static long SizeOf(string path) => SystemErrors.Translating("read", path, () => new FileInfo(path).Length);

    /// <summary>When the content of a file changed last.</summary>
    public static DateTimeOffset ModifiedAt(string path) =>
        SystemErrors.Translating("read", path, () => new DateTimeOffset(File.GetLastWriteTimeUtc(path), TimeSpan.Zero));

    /// <summary>Removes a directory with all in it, without following symbolic links; one that is not there is fine.</summary>
    public static void DeleteDirectory(string path)
    {
        if (Directory.Exists(path))
        {
            SystemErrors.Translating("remove", path, () => Directory.Delete(path, recursive: true));
        }
    }

    /// <summary>Removes a directory with nothing in it; what is anything else stays.</summary>
    public static void RemoveEmptyDirectory(string path)
    {
        try
        {
            Directory.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It is somebody's.
        }
    }

    /// <summary>Makes a rename in this directory durable where the system can.</summary>
    public static void FlushDirectory(string path)
    {
        if (OperatingSystem.IsLinux())
        {
            using var directory = LinuxDirectory.Open(path);
            directory.Flush();
        }
    }
}
