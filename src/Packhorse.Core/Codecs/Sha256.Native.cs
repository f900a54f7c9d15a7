using System.Runtime.InteropServices;
using Packhorse.Codecs.Interop;
using Packhorse.Model;

namespace Packhorse.Codecs;

public sealed unsafe partial class Sha256
{
    private byte* _context;

    public Sha256()
    {
        _context = (byte*)NativeMemory.AllocZeroed(LibCrypto.ContextBytes);
        _ = LibCrypto.SHA256_Init(_context);
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        ObjectDisposedException.ThrowIf(_context is null, this);
        fixed (byte* start = bytes)
        {
            _ = LibCrypto.SHA256_Update(_context, start, (nuint)bytes.Length);
        }
    }

    /// <summary>The digest of the bytes so far; more may follow.</summary>
    public Digest Current()
    {
        ObjectDisposedException.ThrowIf(_context is null, this);
        byte* copy = stackalloc byte[LibCrypto.ContextBytes];
        NativeMemory.Copy(_context, copy, LibCrypto.ContextBytes);
        byte* digest = stackalloc byte[Digest.Size];
        _ = LibCrypto.SHA256_Final(digest, copy);
        return new Digest(new ReadOnlySpan<byte>(digest, Digest.Size));
    }

    /// <summary>The digest of all bytes appended; the object may be used for another sequence afterwards.</summary>
    public Digest Finish()
    {
        ObjectDisposedException.ThrowIf(_context is null, this);
        byte* digest = stackalloc byte[Digest.Size];
        _ = LibCrypto.SHA256_Final(digest, _context);
        _ = LibCrypto.SHA256_Init(_context);
        return new Digest(new ReadOnlySpan<byte>(digest, Digest.Size));
    }

    public void Dispose()
    {
        NativeMemory.Free(_context);
        _context = null;
    }
}

public sealed unsafe partial class Md5
{
    private byte* _context;

    public Md5()
    {
        _context = (byte*)NativeMemory.AllocZeroed(LibCrypto.ContextBytes);
        _ = LibCrypto.MD5_Init(_context);
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        ObjectDisposedException.ThrowIf(_context is null, this);
        fixed (byte* start = bytes)
        {
            _ = LibCrypto.MD5_Update(_context, start, (nuint)bytes.Length);
        }
    }

    /// <inheritdoc cref="Sha256.Current"/>
    public Md5Digest Current()
    {
        ObjectDisposedException.ThrowIf(_context is null, this);
        byte* copy = stackalloc byte[LibCrypto.ContextBytes];
        NativeMemory.Copy(_context, copy, LibCrypto.ContextBytes);
        byte* digest = stackalloc byte[Md5Digest.Size];
        _ = LibCrypto.MD5_Final(digest, copy);
        return new Md5Digest(new ReadOnlySpan<byte>(digest, Md5Digest.Size));
    }

    /// <inheritdoc cref="Sha256.Finish"/>
    public Md5Digest Finish()
    {
        ObjectDisposedException.ThrowIf(_context is null, this);
        byte* digest = stackalloc byte[Md5Digest.Size];
        _ = LibCrypto.MD5_Final(digest, _context);
        _ = LibCrypto.MD5_Init(_context);
        return new Md5Digest(new ReadOnlySpan<byte>(digest, Md5Digest.Size));
    }

    public void Dispose()
    {
        NativeMemory.Free(_context);
        _context = null;
    }
}
