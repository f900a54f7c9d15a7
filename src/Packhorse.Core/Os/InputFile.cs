using Microsoft.Win32.SafeHandles;
using Packhorse.Model;

namespace Packhorse.Os;

/// <summary>One file open for reading at any offset, by any number of threads at once.</summary>
public sealed class InputFile : IDisposable
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
    /// <exception cref="SystemRefusedException">It may not be read, or is a directory.</exception>
    public static InputFile Open(string path)
    {
        if (Directory.Exists(path))
        {
            throw SystemErrors.FromErrno(SystemErrors.EISDIR, "read", path);
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

    /// <exception cref="CorruptDataException">The file ends before.</exception>
    public void ReadExactly(Span<byte> destination, long offset)
    {
        if (Read(destination, offset) != destination.Length)
        {
            throw new CorruptDataException(
                ErrorCodes.Truncated,
                $"{Path} ends at byte {Length:N0}, {destination.Length:N0} bytes were expected at {offset:N0}"
            );
        }
    }

    /// <summary>A stream over part of the file with a position of its own. Does not own the file.</summary>
    public Stream OpenRange(long offset, long length) => new Range(this, offset, length);

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
        file.ReadExactly(content, 0);
        return content;
    }

    public void Dispose() => _handle.Dispose();

    private sealed class Range(InputFile file, long offset, long length) : Stream
    {
        private long _position;

        public override bool CanRead => true;

        public override bool CanSeek => true;

        public override bool CanWrite => false;

        public override long Length => length;

        public override long Position
        {
            get => _position;
            set => _position = value;
        }

        public override int Read(Span<byte> buffer)
        {
            int wanted = (int)Math.Clamp(length - _position, 0, buffer.Length);
            int count = file.Read(buffer[..wanted], offset + _position);
            _position += count;
            return count;
        }

        public override int Read(byte[] buffer, int offset1, int count) => Read(buffer.AsSpan(offset1, count));

        public override long Seek(long offset1, SeekOrigin origin) =>
            _position = origin switch
            {
                SeekOrigin.Begin => offset1,
                SeekOrigin.Current => _position + offset1,
                _ => length + offset1,
            };

        public override void Flush() { }

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset1, int count) => throw new NotSupportedException();
    }
}
