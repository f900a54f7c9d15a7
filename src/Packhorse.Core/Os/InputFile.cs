using Microsoft.Win32.SafeHandles;
using Packhorse.Model;

namespace Packhorse.Os;

/// <summary>One file open for reading at any offset, by any number of threads at once.</summary>
public sealed class InputFile : IRandomAccess, IDisposable
{
    private readonly SafeFileHandle _handle;

    private InputFile(string path, SafeFileHandle handle)
    {
        Path = path;
        _handle = handle;
        Length = SystemErrors.Translating("read", path, () => RandomAccess.GetLength(handle));
    }

    public string Path { get; }

    /// <summary>Bytes when the file was opened.</summary>
    public long Length { get; }

    /// <exception cref="NotFoundException">There is no such file.</exception>
    /// <exception cref="SystemRefusedException">It may not be read, or is no regular file.</exception>
    public static InputFile Open(string path)
    {
        switch (FileTree.KindOf(path))
        {
            case FileKind.Directory:
                throw SystemErrors.FromErrno(SystemErrors.EISDIR, "read", path);
            // Opening a pipe would wait for its writer, and reading a device may never end.
            case FileKind.Other:
                throw new SystemRefusedException(
                    ErrorCodes.SystemRefused,
                    $"cannot read {EntryPath.Quote(path)}: it is a pipe or a device, not a file"
                );
        }
        return new InputFile(
            path,
            SystemErrors.Translating(
                "open",
                path,
                () => File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete)
            )
        );
    }

    /// <summary>A file that whoever started this process had opened.</summary>
    /// <param name="descriptor">Its number; closed with this.</param>
    /// <param name="path">As messages name it.</param>
    public static InputFile Inherited(int descriptor, string path) =>
        new(path, new SafeFileHandle(descriptor, ownsHandle: true));

    /// <summary>The number under which this process has it open, as long as this exists.</summary>
    public int Descriptor => (int)_handle.DangerousGetHandle();

    /// <returns>Bytes read; less than asked for only at the end of the file.</returns>
    public int Read(Span<byte> destination, long offset)
    {
        int total = 0;
        while (total < destination.Length)
        {
            int count;
            try
            {
                count = RandomAccess.Read(_handle, destination[total..], offset + total);
            }
            catch (IOException error)
            {
                throw SystemErrors.FromException(error, "read", Path)!;
            }
            if (count == 0)
            {
                break;
            }
            total += count;
        }
        return total;
    }

    /// <summary>The whole file, when it is no larger than <paramref name="limit"/> bytes.</summary>
    /// <exception cref="CorruptDataException">It is larger.</exception>
    public static byte[] ReadAllBytes(string path, long limit)
    {
        using InputFile file = Open(path);
        if (file.Length > limit)
        {
            throw new CorruptDataException(
                ErrorCodes.LimitExceeded,
                $"{path} has {file.Length:N0} bytes, more than the {limit:N0} that are read of such a file"
            );
        }
        var content = new byte[file.Length];
        file.ReadExactly(content, 0, path);
        return content;
    }

    public void Dispose() => _handle.Dispose();
}
