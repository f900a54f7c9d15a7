using System.Buffers;
using Packhorse.Codecs;
using Packhorse.Model;

namespace Packhorse.Image;

/// <summary>
/// The bytes that a digest tree is over. Each chunk is compared with the tree before bytes of it are given out the first time, and each
/// group of digests with the level above before it is used; what that takes in memory is a bit a chunk. Thread-safe.
/// </summary>
public sealed class VerifiedSource : IRandomAccess
{
    private const int ChunkBytes = DigestTreeShape.ChunkBytes;
    private const int GroupDigests = DigestTreeShape.GroupDigests;

    // How far around a damaged chunk is looked, in either direction: some milliseconds.
    private const int NeighbourChunks = (4 << 20) / ChunkBytes;

    // Caches keep blocks of a file that are no smaller; a disk that fails damages less.
    private const int CacheBlockBytes = 128 << 10;

    private readonly IRandomAccess _file;
    private readonly ImageFooter _footer;
    private readonly string _where;
    private readonly Bits _chunks;
    private readonly Level[] _levels;

    // Known to be damaged, so that what is around it is looked at once; an ImagePart.
    private volatile object? _damage;

    /// <param name="file">The whole file; not owned.</param>
    /// <param name="where">The file, for messages.</param>
    public VerifiedSource(IRandomAccess file, ImageFooter footer, string where)
    {
        _file = file;
        _footer = footer;
        _where = where;
        Length = footer.DigestTree.Offset;
        _chunks = new Bits((Length + ChunkBytes - 1) / ChunkBytes);
        IReadOnlyList<long> counts = DigestTreeShape.Of(Length).Counts;
        _levels = new Level[counts.Count];
        long offset = footer.DigestTree.Offset;
        for (int i = 0; i < counts.Count; i++)
        {
            _levels[i] = new Level(offset, counts[i], new Bits((counts[i] + GroupDigests - 1) / GroupDigests));
            offset += counts[i] * Digest.Size;
        }
    }

    /// <summary>Bytes before the digest tree.</summary>
    public long Length { get; }

    /// <exception cref="CorruptDataException">The bytes are not those that were written, or the file has been cut off.</exception>
    public int Read(Span<byte> destination, long offset)
    {
        if (offset < 0 || offset >= Length)
        {
            return 0;
        }
        Span<byte> rest = destination[..(int)Math.Min(destination.Length, Length - offset)];
        int total = rest.Length;
        while (!rest.IsEmpty)
        {
            int count = ReadSome(rest, offset);
            rest = rest[count..];
            offset += count;
        }
        return total;
    }

    /// <summary>Compares the chunks of a range with the tree, where that was not done yet.</summary>
    /// <inheritdoc cref="Read" path="/exception"/>
    public void Verify(long offset, long length)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            for (long chunk = offset / ChunkBytes; chunk * ChunkBytes < Math.Min(offset + length, Length); chunk++)
            {
                if (!_chunks.IsSet(chunk))
                {
                    ReadChunk(chunk, buffer);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // Either as many bytes as are in chunks that were compared before, or what is wanted of the first chunk.
    private int ReadSome(Span<byte> destination, long offset)
    {
        long chunk = offset / ChunkBytes;
        int within = (int)(offset % ChunkBytes);
        if (_chunks.IsSet(chunk))
        {
            long end = chunk + 1;
            while (end * ChunkBytes < offset + destination.Length && _chunks.IsSet(end))
            {
                end++;
            }
            int known = (int)Math.Min(destination.Length, (end * ChunkBytes) - offset);
            ReadExactly(destination[..known], offset);
            return known;
        }
        int length = ChunkLength(chunk);
        if (within == 0 && destination.Length >= length)
        {
            ReadChunk(chunk, destination);
            return length;
        }
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            ReadChunk(chunk, buffer);
            int count = Math.Min(length - within, destination.Length);
            buffer.AsSpan(within, count).CopyTo(destination);
            return count;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private int ChunkLength(long chunk) => (int)Math.Min(ChunkBytes, Length - (chunk * ChunkBytes));

    private void ReadChunk(long chunk, Span<byte> buffer)
    {
        Span<byte> bytes = buffer[..ChunkLength(chunk)];
        ReadExactly(bytes, chunk * ChunkBytes);
        if (Sha256.Hash(bytes) != DigestOf(0, chunk))
        {
            bytes.Clear();
            throw Damaged(DamageAround(chunk));
        }
        _chunks.Set(chunk);
    }

    // What is wrong without a gap, as far as it was looked for: by its length, bits that changed are told from parts of another file.
    private ImagePart DamageAround(long chunk)
    {
        if (_damage is ImagePart known && known.Offset <= chunk * ChunkBytes && chunk * ChunkBytes < known.End)
        {
            return known;
        }
        long last = (Length - 1) / ChunkBytes;
        (long from, long to) = (chunk, chunk);
        while (from > Math.Max(0, chunk - NeighbourChunks) && IsDamaged(from - 1))
        {
            from--;
        }
        while (to < Math.Min(last, chunk + NeighbourChunks) && IsDamaged(to + 1))
        {
            to++;
        }
        var damage = new ImagePart(from * ChunkBytes, (to * ChunkBytes) + ChunkLength(to) - (from * ChunkBytes));
        _damage = damage;
        return damage;
    }

    private bool IsDamaged(long chunk)
    {
        if (_chunks.IsSet(chunk))
        {
            return false;
        }
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            Span<byte> bytes = buffer.AsSpan(0, ChunkLength(chunk));
            ReadExactly(bytes, chunk * ChunkBytes);
            return Sha256.Hash(bytes) != DigestOf(0, chunk);
        }
        catch (CorruptDataException)
        {
            // Its digests are damaged, or it is not there: another matter.
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // The digest with this number of a level, once its group is known to be what was written.
    private Digest DigestOf(int level, long index)
    {
        if (level == _levels.Length)
        {
            return _footer.Top;
        }
        Level stored = _levels[level];
        long group = index / GroupDigests;
        if (!stored.Groups.IsSet(group))
        {
            CheckGroup(level, group);
        }
        Span<byte> digest = stackalloc byte[Digest.Size];
        ReadExactly(digest, stored.Offset + (index * Digest.Size));
        return new Digest(digest);
    }

    private void CheckGroup(int level, long group)
    {
        Level stored = _levels[level];
        long first = group * GroupDigests;
        int length = (int)Math.Min(GroupDigests, stored.Count - first) * Digest.Size;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            Span<byte> digests = buffer.AsSpan(0, length);
            long offset = stored.Offset + (first * Digest.Size);
            ReadExactly(digests, offset);
            if (Sha256.Hash(digests) != DigestOf(level + 1, group))
            {
                throw Damaged(new ImagePart(offset, length));
            }
            stored.Groups.Set(group);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void ReadExactly(Span<byte> destination, long offset)
    {
        int count = _file.Read(destination, offset);
        if (count != destination.Length)
        {
            throw new CorruptDataException(
                ErrorCodes.Truncated,
                $"{_where} was cut off while it was read: it ends at byte {offset + count:N0} instead of {_footer.FileBytes:N0}"
            )
            {
                Hint = "copy or download it again",
            };
        }
    }

    private CorruptDataException Damaged(ImagePart part)
    {
        bool isMixed = part.Length >= CacheBlockBytes;
        string how = isMixed ? "mixed with something else" : "damaged";
        return new CorruptDataException(
            ErrorCodes.DigestMismatch,
            $"{_where} is {how}: bytes {part.Offset:N0} to {part.End - 1:N0} are not those that were written (root {_footer.Root})"
        )
        {
            Hint = isMixed
                ? "a cache may have kept parts of an older file of that name: fetch it with ?directread, and publish files under new names"
                : "copy or download it again; a cache on its way may have mixed it with an older file",
        };
    }

    private readonly record struct Level(long Offset, long Count, Bits Groups);

    /// <summary>Bits that are only ever set.</summary>
    private sealed class Bits(long count)
    {
        private readonly ulong[] _words = new ulong[(count + 63) / 64];

        public bool IsSet(long index) => (Volatile.Read(ref _words[index / 64]) & (1UL << (int)(index % 64))) != 0;

        public void Set(long index) => Interlocked.Or(ref _words[index / 64], 1UL << (int)(index % 64));
    }
}
