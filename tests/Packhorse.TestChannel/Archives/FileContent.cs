using System.Security.Cryptography;
using System.Text;
using Packhorse.Model;

namespace Packhorse.TestChannel;

/// <summary>
/// The bytes of one file: in memory, in another file, or generated while they are written. The SHA-256 is taken on the first
/// complete reading, whoever asks for it.
/// </summary>
public abstract class FileContent
{
    private Digest? _sha256;

    public static FileContent Empty { get; } = new Memory(ReadOnlyMemory<byte>.Empty);

    /// <summary>Bytes.</summary>
    public abstract long Length { get; }

    public Digest Sha256
    {
        get
        {
            if (_sha256 is null)
            {
                CopyTo(Stream.Null);
            }
            return _sha256!.Value;
        }
    }

    /// <summary>UTF-8.</summary>
    public static implicit operator FileContent(string text) => FromText(text);

    public static implicit operator FileContent(byte[] bytes) => new Memory(bytes);

    /// <summary>UTF-8.</summary>
    public static FileContent FromText(string text) => new Memory(Encoding.UTF8.GetBytes(text));

    public static FileContent FromBytes(ReadOnlyMemory<byte> bytes) => new Memory(bytes);

    /// <summary>The file is read whenever the content is; it must not change meanwhile.</summary>
    public static FileContent FromFile(string path) => new InFile(path);

    /// <param name="length">What <paramref name="write"/> writes, in bytes.</param>
    /// <param name="write">Writes the same bytes each time.</param>
    public static FileContent Generate(long length, Action<Stream> write) => new Generated(length, write);

    public void CopyTo(Stream destination)
    {
        if (_sha256 is not null)
        {
            Write(destination);
            return;
        }
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using (ObservingStream hashing = new(destination, hash.AppendData))
        {
            Write(hashing);
        }
        _sha256 = new Digest(hash.GetHashAndReset());
    }

    public byte[] ToArray()
    {
        using MemoryStream bytes = new(checked((int)Length));
        CopyTo(bytes);
        return bytes.ToArray();
    }

    protected abstract void Write(Stream destination);

    private sealed class Memory(ReadOnlyMemory<byte> bytes) : FileContent
    {
        public override long Length => bytes.Length;

        protected override void Write(Stream destination) => destination.Write(bytes.Span);
    }

    private sealed class InFile(string path) : FileContent
    {
        // Of what a link leads to, where it is one.
        public override long Length { get; } =
            (new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? new FileInfo(path)).Length;

        protected override void Write(Stream destination)
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            file.CopyTo(destination, 1 << 20);
        }
    }

    private sealed class Generated(long length, Action<Stream> write) : FileContent
    {
        public override long Length => length;

        protected override void Write(Stream destination) => write(destination);
    }
}
