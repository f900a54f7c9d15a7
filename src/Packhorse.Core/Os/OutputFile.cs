using Microsoft.Win32.SafeHandles;
using Packhorse.Model;

namespace Packhorse.Os;

/// <summary>
/// A file that appears under its name only when it is complete: written at <c>PATH.part</c>, then fsync, rename, fsync of the
/// directory. Disposed before <see cref="Complete"/>, nothing is left. May be written at any offset by many threads.
/// </summary>
public sealed class OutputFile : IDisposable
{
    /// <summary>Appended to the output's name while it is written.</summary>
    public const string PartSuffix = ".part";

    private readonly SafeFileHandle _handle;
    private readonly UnixFileMode _mode;
    private bool _completed;

    private OutputFile(string path, SafeFileHandle handle, UnixFileMode mode)
    {
        Path = path;
        _handle = handle;
        _mode = mode;
    }

    public string Path { get; }

    public string PartPath => Path + PartSuffix;

    /// <summary>Creates <c>PATH.part</c>, replacing a left-over one.</summary>
    /// <param name="mode">Permissions of the finished file; the umask still applies.</param>
    /// <exception cref="SystemRefusedException">The directory cannot be written to, or the path is a directory.</exception>
    /// <exception cref="TransientException">Another process is writing this output.</exception>
    public static OutputFile Create(string path, UnixFileMode mode)
    {
        if (Directory.Exists(path))
        {
            throw new UsageException(ErrorCodes.OutputInTheWay, $"the output {EntryPath.Quote(path)} is a directory");
        }
        string part = path + PartSuffix;
        return SystemErrors.Translating(
            "create",
            part,
            () =>
            {
                SafeFileHandle handle = File.OpenHandle(part, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
                RandomAccess.SetLength(handle, 0);
                return new OutputFile(path, handle, mode);
            }
        );
    }

    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        try
        {
            RandomAccess.Write(_handle, bytes, offset);
        }
        catch (IOException error)
        {
            throw SystemErrors.FromException(error, "write", PartPath)!;
        }
    }

    /// <summary>Sets the length without writing: a disk too small for it is noticed where the file system can tell.</summary>
    public void SetLength(long length) =>
        SystemErrors.Translating("reserve space for", PartPath, () => RandomAccess.SetLength(_handle, length));

    /// <summary>Makes the content durable and gives it its name.</summary>
    public void Complete()
    {
        SystemErrors.Translating(
            "complete",
            Path,
            () =>
            {
                if (!OperatingSystem.IsWindows())
                {
                    File.SetUnixFileMode(_handle, _mode & ~FilePermissions.Umask);
                }
                RandomAccess.FlushToDisk(_handle);
                _handle.Dispose();
                File.Move(PartPath, Path, overwrite: true);
            }
        );
        _completed = true;
        FileTree.FlushDirectory(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!);
    }

    public void Dispose()
    {
        _handle.Dispose();
        if (!_completed)
        {
            try
            {
                File.Delete(PartPath);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // The failure that brought us here matters more than the left-over, whose name is documented.
            }
        }
    }
}
