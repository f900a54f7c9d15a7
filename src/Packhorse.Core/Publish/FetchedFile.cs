using Packhorse.Fetch;
using Packhorse.Image;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Publish;

/// <summary>A file that is being brought to <c>OUTPUT.part</c>, and gets its name when it is right.</summary>
internal sealed class FetchedFile : IFetchTarget, IDisposable
{
    private readonly OutputFile _file;
    private readonly string _path;
    private BlockSums _sums = new();
    private readonly long _mostBytes;
    private long _length;

    // Its part has got its name, or is removed: what has that name now is another process's.
    private bool _isDone;

    /// <param name="mostBytes">What is longer is refused when that is seen.</param>
    /// <exception cref="PackhorseException">The directory cannot be written to, or another process is bringing the same file.</exception>
    public FetchedFile(string path, long mostBytes)
    {
        _mostBytes = mostBytes;
        _path = FileTree.Absolute(path);
        OutputFile.CheckReplaceable(_path);
        _file = OutputFile.Resume(_path + OutputFile.PartSuffix, _path, FilePermissions.ReadWrite);
        _length = _file.Length;
    }

    /// <summary>What of the last wrong content there was; null when all was right so far.</summary>
    public BlockSums? Wrong { get; private set; }

    /// <summary>The wrong content was an image that is whole: an older one, and no mixture.</summary>
    public bool WrongIsWholeImage { get; private set; }

    /// <inheritdoc cref="BlockSums"/>
    public BlockSums Sums => _sums;

    /// <summary>What an earlier run left.</summary>
    public Stream Prefix => new SourceSlice(_file, 0, _length).AsStream();

    /// <summary>What there is of it now.</summary>
    public IRandomAccess Content => new SourceSlice(_file, 0, _length);

    public void Begin(long? totalLength) => RequireLength(totalLength ?? 0);

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        RequireLength(offset + bytes.Length);
        _file.Write(bytes, offset);
        _sums.Append(offset, bytes);
        _length = offset + bytes.Length;
    }

    public void Restart()
    {
        if (_sums.Length > 0)
        {
            Wrong = _sums;
            WrongIsWholeImage = IsWholeImage();
            _sums = new BlockSums();
        }
        _file.SetLength(0);
        _length = 0;
    }

    /// <summary>The root that the footer of an image tells; null where there is no footer.</summary>
    public Digest? Root()
    {
        var footer = new byte[ImageFooter.Bytes];
        if (_length < footer.Length)
        {
            return null;
        }
        _ = new SourceSlice(_file, 0, _length).Read(footer, _length - footer.Length);
        try
        {
            return ImageFooter.Parse(footer, _length, _path).Root;
        }
        catch (PackhorseException)
        {
            return null;
        }
    }

    /// <summary>Compares every byte with the digests that the root vouches for.</summary>
    /// <exception cref="CorruptDataException">It is no image, or not what was written.</exception>
    public void VerifyImage(CancellationToken cancellation)
    {
        using EnvironmentImage image = EnvironmentImage.Open(new SourceSlice(_file, 0, _length), _path);
        for (long at = 0; at < image.Source.Length; at += DigestTreeShape.ChunkBytes)
        {
            cancellation.ThrowIfCancellationRequested();
            image.Source.Verify(at, 1);
        }
    }

    // Images of one program have its blocks in common, and more: what is equal does not tell a mixture from an older image.
    private bool IsWholeImage()
    {
        try
        {
            if (Root() is null)
            {
                return false;
            }
            VerifyImage(CancellationToken.None);
            return true;
        }
        catch (PackhorseException)
        {
            return false;
        }
    }

    private void RequireLength(long length)
    {
        if (length > _mostBytes)
        {
            throw new CorruptDataException(
                ErrorCodes.LimitExceeded,
                $"{EntryPath.Quote(_path)} would have more than {_mostBytes:N0} bytes, which is too much for what it should be"
            );
        }
    }

    public void Complete()
    {
        _file.Complete();
        _isDone = true;
    }

    /// <summary>Leaves nothing for a next run.</summary>
    public void Forget()
    {
        _isDone = true;
        _file.Dispose();
        FileTree.DeleteFile(_file.PartPath);
    }

    public void Dispose()
    {
        if (_length == 0 && !_isDone)
        {
            // Nothing that a next run could go on with.
            Forget();
        }
        _file.Dispose();
    }
}
