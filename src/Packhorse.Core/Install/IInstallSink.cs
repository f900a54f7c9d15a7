using Packhorse.Conda;

namespace Packhorse.Install;

/// <summary>
/// Where an installation goes: a directory, or an image. Paths are relative to the prefix, checked, and each is used once.
/// Thread-safe; one file is written by one thread.
/// </summary>
public interface IInstallSink
{
    /// <summary>Directories in an order that has parents first. Called before anything that lies in them.</summary>
    void CreateDirectories(IReadOnlyList<string> paths);

    /// <summary>Begins a file; it counts only after <see cref="IInstallFile.Complete"/>.</summary>
    IInstallFile CreateFile(InstallFile file);

    /// <param name="modified">Seconds since 1970.</param>
    void CreateSymbolicLink(string path, string target, long modified);

    /// <summary>Another name for a file that is complete.</summary>
    void CreateHardLink(string existing, string path);
}

/// <summary>What a sink must know of a file before its content.</summary>
/// <param name="Size">Bytes, where they are known beforehand.</param>
/// <param name="Modified">Seconds since 1970.</param>
public readonly record struct InstallFile(string Path, UnixFileMode Mode, long Modified, long? Size)
{
    /// <summary>What the prefix stands in place of in the file; null where it holds no prefix.</summary>
    public PrefixPlaceholder? Placeholder { get; init; }
}

/// <summary>
/// A file being written. Disposed before it is complete, it is discarded. One that is an <see cref="IPrefixObserver"/> too is told where
/// the prefix stands in it.
/// </summary>
public interface IInstallFile : IContentWriter, IDisposable
{
    void Complete();
}

/// <summary>Small files whose content is known.</summary>
public static class InstallSinks
{
    public static void WriteFile(
        this IInstallSink sink,
        string path,
        ReadOnlySpan<byte> content,
        UnixFileMode mode,
        long modified
    )
    {
        using IInstallFile file = sink.CreateFile(new InstallFile(path, mode, modified, content.Length));
        file.Write(content);
        file.Complete();
    }
}
