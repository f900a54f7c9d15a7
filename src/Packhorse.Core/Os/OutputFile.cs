using Microsoft.Win32.SafeHandles;
using Packhorse.Model;

namespace Packhorse.Os;

/// <summary>
/// A file that appears under its name only when it is complete: written under another name, then fsync, rename, fsync of the
/// directory. May be written at any offset by many threads. Disposed before <see cref="Complete"/>, nothing is left of one that was
/// created; one that was resumed stays for the next run.
/// </summary>
public sealed class OutputFile : IRandomAccess, IDisposable
{
    /// <summary>Appended to the output's name while it is written.</summary>
    public const string PartSuffix = ".part";

    private readonly SafeFileHandle _handle;
    private readonly UnixFileMode _mode;
    private bool _completed;

    private readonly bool _keep;

    private OutputFile(string partPath, string path, SafeFileHandle handle, (UnixFileMode Mode, bool Keep) options)
    {
        PartPath = partPath;
        Path = path;
        _handle = handle;
        _mode = options.Mode;
        _keep = options.Keep;
    }

    public string Path { get; private set; }

    /// <summary>Where it is until it is complete.</summary>
    public string PartPath { get; }

    /// <summary>Creates <c>PATH.part</c>, replacing a left-over one.</summary>
    /// <param name="mode">Permissions of the finished file; the umask still applies.</param>
    /// <exception cref="UsageException">Something other than a file has that name.</exception>
    /// <exception cref="SystemRefusedException">The directory cannot be written to.</exception>
    /// <exception cref="TransientException">Another process is writing this output.</exception>
    public static OutputFile Create(string path, UnixFileMode mode) => CreateAt(path + PartSuffix, path, mode);

    /// <summary>Creates <paramref name="partPath"/>, replacing a left-over one, to be renamed to <paramref name="path"/>.</summary>
    /// <inheritdoc cref="Create"/>
    public static OutputFile CreateAt(string partPath, string path, UnixFileMode mode)
    {
        CheckReplaceable(path);
        OutputFile file = Open(partPath, path, (mode, Keep: false));
        file.SetLength(0);
        return file;
    }

    /// <summary>Opens <paramref name="partPath"/>, with what an earlier run left in it, to be renamed to <paramref name="path"/>.</summary>
    /// <inheritdoc cref="Create" path="/param[@name='mode']"/>
    /// <inheritdoc cref="Create" path="/exception"/>
    public static OutputFile Resume(string partPath, string path, UnixFileMode mode) =>
        Open(partPath, path, (mode, Keep: true));

    /// <summary>True while a process of this machine writes a file that has not got its name yet.</summary>
    public static bool IsBeingWritten(string partPath)
    {
        try
        {
            File.OpenHandle(partPath, FileMode.Open, FileAccess.Read, FileShare.Read).Dispose();
            return false;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return FileTree.FileExists(partPath);
        }
    }

    /// <summary>Only what is a file, or nothing, may be replaced by one: a rename would put it in place of a device, too.</summary>
    /// <exception cref="UsageException">Something else has that name.</exception>
    public static void CheckReplaceable(string path)
    {
        FileKind kind = FileTree.KindOf(path);
        if (kind is FileKind.Directory or FileKind.Other)
        {
            string what = kind == FileKind.Directory ? "a directory" : "a pipe or a device";
            throw new UsageException(ErrorCodes.OutputInTheWay, $"the output {EntryPath.Quote(path)} is {what}")
            {
                Hint = "name another output, or remove what is there",
            };
        }
    }

    /// <summary>Bytes that it has now.</summary>
    public long Length => SystemErrors.Translating("read", PartPath, () => RandomAccess.GetLength(_handle));

    /// <returns>Bytes read of what is there already; fewer than asked for at the end.</returns>
    public int Read(Span<byte> destination, long offset) => RandomAccess.Read(_handle, destination, offset);

    private static OutputFile Open(string part, string path, (UnixFileMode Mode, bool Keep) options) =>
        SystemErrors.Translating(
            "create",
            part,
            () =>
                new OutputFile(
                    part,
                    path,
                    File.OpenHandle(part, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None),
                    options
                )
        );

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

    /// <summary>Makes the content so far durable.</summary>
    public void Flush() => SystemErrors.Translating("complete", PartPath, () => RandomAccess.FlushToDisk(_handle));

    /// <summary>Makes the content durable and gives it a name that was not known before.</summary>
    /// <exception cref="UsageException">Something other than a file has that name.</exception>
    public void CompleteAs(string path)
    {
        CheckReplaceable(path);
        Path = path;
        Complete();
    }

    /// <summary>Makes the content durable and gives it its name.</summary>
    /// <param name="durable">False: a crash of the machine may leave it empty or in part.</param>
    public void Complete(bool durable = true)
    {
        SystemErrors.Translating(
            "complete",
            Path,
            () =>
            {
                SetMode();
                if (durable)
                {
                    RandomAccess.FlushToDisk(_handle);
                }
                _handle.Dispose();
                File.Move(PartPath, Path, overwrite: true);
            }
        );
        _completed = true;
        if (!durable)
        {
            return;
        }
        FileTree.FlushDirectory(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!);
    }

    /// <summary>
    /// Makes the content durable and gives it its name unless something has that name: two processes that try it cannot both
    /// succeed, and none replaces what the other placed.
    /// </summary>
    /// <returns>False when something has that name; the file is then still to be disposed.</returns>
    public bool TryCompleteNew()
    {
        SystemErrors.Translating(
            "complete",
            PartPath,
            () =>
            {
                SetMode();
                RandomAccess.FlushToDisk(_handle);
            }
        );
        string directory = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!;
        if (OperatingSystem.IsLinux())
        {
            using var parent = LinuxDirectory.Open(directory);
            _completed = parent.TryRenameNew(System.IO.Path.GetFullPath(PartPath), System.IO.Path.GetFileName(Path));
        }
        else
        {
            _completed = !FileTree.Exists(Path);
            if (_completed)
            {
                _handle.Dispose();
                FileTree.Move(PartPath, Path);
            }
        }
        if (_completed)
        {
            FileTree.FlushDirectory(directory);
        }
        return _completed;
    }

    private void SetMode()
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_handle, _mode & ~FilePermissions.Umask);
        }
    }

    public void Dispose()
    {
        _handle.Dispose();
        if (!_completed && !_keep)
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
