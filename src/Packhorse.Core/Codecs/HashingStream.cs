using System.Buffers;
using Packhorse.Model;

namespace Packhorse.Codecs;

/// <summary>Passes a stream through and digests every byte that goes by. Does not own it.</summary>
public sealed class HashingStream : ReadOnlyStream
{
    private readonly Stream _source;
    private readonly ExpectedContent _expected;
    private readonly Sha256? _sha256;
    private readonly Md5? _md5;
    private readonly Action<int>? _progress;

    /// <param name="expected">What the content must be; the SHA-256 is computed when it is known, else the MD5 when that is.</param>
    /// <param name="progress">Told of bytes as they pass.</param>
    public HashingStream(Stream source, ExpectedContent expected, Action<int>? progress = null)
    {
        _source = source;
        _expected = expected;
        _progress = progress;
        _sha256 = expected.Sha256 is not null ? new Sha256() : null;
        _md5 = _sha256 is null && expected.Md5 is not null ? new Md5() : null;
    }

    /// <summary>Bytes that have passed.</summary>
    public long Count { get; private set; }

    public override int Read(Span<byte> buffer)
    {
        int count = _source.Read(buffer);
        ReadOnlySpan<byte> passed = buffer[..count];
        _sha256?.Append(passed);
        _md5?.Append(passed);
        Count += count;
        _progress?.Invoke(count);
        return count;
    }

    /// <summary>Reads the rest and compares size and digest with what was expected.</summary>
    /// <param name="where">The file, for messages.</param>
    /// <exception cref="CorruptDataException">They differ.</exception>
    public void Verify(string where)
    {
        byte[] sink = ArrayPool<byte>.Shared.Rent(128 << 10);
        try
        {
            while (Read(sink) > 0) { }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(sink);
        }
        if (_expected.Size is { } size && size != Count)
        {
            throw new CorruptDataException(
                ErrorCodes.SizeMismatch,
                $"{where} has {Count:N0} bytes, {size:N0} were expected"
            )
            {
                Hint = "it is damaged: copy or download it again",
            };
        }
        string? expected = _expected.Sha256?.ToString() ?? _expected.Md5?.ToString();
        string? actual = _sha256?.Finish().ToString() ?? _md5?.Finish().ToString();
        if (expected != actual)
        {
            throw new CorruptDataException(
                ErrorCodes.DigestMismatch,
                $"{where} is not what it should be: its {(_sha256 is null ? "MD5" : "SHA-256")} is {actual}, expected {expected}"
            )
            {
                Hint = "it is damaged: copy or download it again",
            };
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _sha256?.Dispose();
            _md5?.Dispose();
        }
        base.Dispose(disposing);
    }
}
