using System.Runtime.InteropServices;
using Packhorse.Codecs.Interop;

namespace Packhorse.Codecs;

public sealed unsafe partial class Sha512
{
    private readonly int _bytes;
    private byte* _context;

    /// <param name="bytes"><see cref="Bytes"/> or <see cref="ShortBytes"/>.</param>
    public Sha512(int bytes)
    {
        _bytes = bytes;
        _context = (byte*)NativeMemory.AllocZeroed(LibCrypto.WideContextBytes);
        _ = bytes == ShortBytes ? LibCrypto.SHA384_Init(_context) : LibCrypto.SHA512_Init(_context);
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        ObjectDisposedException.ThrowIf(_context is null, this);
        fixed (byte* start = bytes)
        {
            _ = LibCrypto.SHA512_Update(_context, start, (nuint)bytes.Length);
        }
    }

    /// <summary>The digest of all bytes appended.</summary>
    public byte[] Finish()
    {
        ObjectDisposedException.ThrowIf(_context is null, this);
        var digest = new byte[_bytes];
        fixed (byte* start = digest)
        {
            // How long the digest is, the context knows.
            _ = LibCrypto.SHA512_Final(start, _context);
        }
        return digest;
    }

    public void Dispose()
    {
        NativeMemory.Free(_context);
        _context = null;
    }
}
