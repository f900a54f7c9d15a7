using Packhorse.Codecs;
using Packhorse.Image;

namespace Packhorse.Packing.Squashfs;

/// <summary>One block of a file system on its way: raw bytes come in, what is stored goes out.</summary>
internal sealed class DataBlock(int capacity) : IDisposable
{
    private readonly byte[] _raw = new byte[capacity];
    private readonly byte[] _compressed = new byte[ZstdCompressor.Bound(capacity)];
    private readonly ManualResetEventSlim _ready = new();
    private int _compressedCount;

    /// <summary>Raw bytes that it holds.</summary>
    public int Count { get; private set; }

    public int Free => capacity - Count;

    public ReadOnlySpan<byte> Raw => _raw.AsSpan(0, Count);

    /// <summary>Set where all that is stored of it is that it is zero.</summary>
    public bool IsHole { get; private set; }

    /// <summary>Takes as many bytes as fit.</summary>
    public int Fill(ReadOnlySpan<byte> bytes)
    {
        int count = Math.Min(bytes.Length, Free);
        bytes[..count].CopyTo(_raw.AsSpan(Count));
        Count += count;
        return count;
    }

    public void Reset()
    {
        Count = 0;
        IsHole = false;
        _ready.Reset();
    }

    /// <summary>Makes a hole of it when it is nothing but zeros.</summary>
    public void DetectHole()
    {
        if (!Raw.ContainsAnyExcept((byte)0))
        {
            IsHole = true;
            _ready.Set();
        }
    }

    public void Compress(ZstdCompressor compressor)
    {
        _compressedCount = compressor.Compress(Raw, _compressed);
        _ready.Set();
    }

    /// <summary>Waits until it is compressed.</summary>
    /// <returns>What goes into the file, and the size as the tables have it.</returns>
    public ReadOnlySpan<byte> Wait(out uint storedSize, CancellationToken cancellation)
    {
        _ready.Wait(cancellation);
        if (IsHole)
        {
            storedSize = 0;
            return default;
        }
        if (_compressedCount < Count)
        {
            storedSize = (uint)_compressedCount;
            return _compressed.AsSpan(0, _compressedCount);
        }
        storedSize = (uint)Count | SquashfsFormat.BlockUncompressed;
        return Raw;
    }

    public void Dispose() => _ready.Dispose();
}
