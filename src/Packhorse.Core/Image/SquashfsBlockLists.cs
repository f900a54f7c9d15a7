using System.Buffers.Binary;

namespace Packhorse.Image;

/// <summary>
/// Where the blocks of a file are stored. The inode table has only their sizes, one after the other; for files of many blocks every
/// 512th place is remembered once it was passed, so that reading in a large file does not add up all sizes before.
/// </summary>
internal sealed class SquashfsBlockLists(SquashfsMetadata metadata)
{
    /// <summary>Blocks between two places that are remembered: sizes of 2 KiB.</summary>
    private const int Stride = 512;

    /// <summary>Places that are remembered of all files together.</summary>
    private const int MostRemembered = 64 << 10;

    private const int SizeBytes = 4;
    private const uint StoredMask = SquashfsFormat.BlockUncompressed - 1;

    private readonly Dictionary<InodeReference, List<Place>> _remembered = [];
    private int _rememberedPlaces;

    /// <summary>A block, and where the sizes of those after it stand.</summary>
    /// <param name="Offset">Where the block is stored.</param>
    /// <param name="Sizes">Where its stored size stands.</param>
    public readonly record struct Place(long Offset, MetadataPosition Sizes);

    /// <summary>The place of a block of a file.</summary>
    /// <param name="index">One of its blocks, from 0 on.</param>
    public Place Find(InodeReference reference, in SquashfsInode inode, long index)
    {
        var place = new Place(inode.Start, inode.Tail);
        return index < Stride
            ? Advance(place, (int)index)
            : Advance(FindRemembered(reference, place, index / Stride), (int)(index % Stride));
    }

    /// <summary>Reads the stored size of the block at a place and moves to the next block.</summary>
    public BlockKey Next(ref Place place)
    {
        Span<byte> size = stackalloc byte[SizeBytes];
        MetadataPosition sizes = place.Sizes;
        metadata.Read(ref sizes, size);
        var key = new BlockKey(place.Offset, BinaryPrimitives.ReadUInt32LittleEndian(size));
        place = new Place(place.Offset + (key.Stored & StoredMask), sizes);
        return key;
    }

    private Place FindRemembered(InodeReference reference, Place first, long stride)
    {
        List<Place> places = PlacesOf(reference, first);
        lock (places)
        {
            // Each is at the begin of a stride; a damaged list ends this by an exception.
            while (places.Count <= stride)
            {
                places.Add(Advance(places[^1], Stride));
                Interlocked.Increment(ref _rememberedPlaces);
            }
            return places[(int)stride];
        }
    }

    private List<Place> PlacesOf(InodeReference reference, Place first)
    {
        lock (_remembered)
        {
            if (_rememberedPlaces > MostRemembered)
            {
                _remembered.Clear();
                _rememberedPlaces = 0;
            }
            if (!_remembered.TryGetValue(reference, out List<Place>? places))
            {
                _remembered.Add(reference, places = [first]);
                Interlocked.Increment(ref _rememberedPlaces);
            }
            return places;
        }
    }

    private Place Advance(Place from, int blocks)
    {
        Span<byte> bytes = stackalloc byte[Stride * SizeBytes];
        bytes = bytes[..(blocks * SizeBytes)];
        MetadataPosition sizes = from.Sizes;
        metadata.Read(ref sizes, bytes);
        long offset = from.Offset;
        for (int i = 0; i < bytes.Length; i += SizeBytes)
        {
            offset += BinaryPrimitives.ReadUInt32LittleEndian(bytes[i..]) & StoredMask;
        }
        return new Place(offset, sizes);
    }
}
