namespace Packhorse.Image;

/// <summary>
/// Decoded blocks, as many as fit into a number of bytes; the one that was not used for the longest time gives way. A block that several
/// want at once is decoded by one of them while the others wait, and nobody waits for the decoding of a block that is not theirs. What
/// is being read is never overwritten: for the time that more blocks are in use than fit, there are more. Thread-safe.
/// </summary>
internal sealed class BlockCache
{
    private readonly int _blockBytes;
    private readonly int _capacity;
    private readonly Dictionary<BlockKey, Slot> _slots = [];

    // From the one used last to the one that gives way first.
    private readonly LinkedList<Slot> _order = new();

    /// <param name="blockBytes">Decoded bytes of the largest block.</param>
    /// <param name="bytes">Bytes that decoded blocks may take.</param>
    public BlockCache(int blockBytes, int bytes)
    {
        _blockBytes = blockBytes;
        _capacity = Math.Max(1, bytes / blockBytes);
    }

    /// <summary>Decodes a block into its buffer.</summary>
    public delegate DecodedBlock Decoder(BlockKey key, Span<byte> buffer);

    /// <summary>A block, decoded now or before.</summary>
    /// <returns>To be disposed soon: as long as it is not, the block cannot give way.</returns>
    public Lease Get(BlockKey key, Decoder decoder)
    {
        Slot slot;
        lock (_slots)
        {
            while (_slots.TryGetValue(key, out slot!))
            {
                if (!slot.IsPending)
                {
                    return Use(slot);
                }
                // When it fails for the other it is our turn, and the exception is then one of our own.
                Monitor.Wait(_slots);
            }
            slot = MakeRoom();
            slot.Key = key;
            slot.Users = 1;
            slot.IsPending = true;
            _slots.Add(key, slot);
            _order.AddFirst(slot.Node);
        }
        return Fill(slot, decoder);
    }

    /// <summary>A block that is there or that another thread is decoding.</summary>
    public bool TryGet(BlockKey key, out Lease lease)
    {
        lock (_slots)
        {
            while (_slots.TryGetValue(key, out Slot? slot))
            {
                if (!slot.IsPending)
                {
                    lease = Use(slot);
                    return true;
                }
                Monitor.Wait(_slots);
            }
        }
        lease = default;
        return false;
    }

    private Lease Use(Slot slot)
    {
        slot.Users++;
        if (_order.First != slot.Node)
        {
            _order.Remove(slot.Node);
            _order.AddFirst(slot.Node);
        }
        return new Lease(this, slot);
    }

    private Lease Fill(Slot slot, Decoder decoder)
    {
        bool filled = false;
        try
        {
            slot.Bytes ??= GC.AllocateUninitializedArray<byte>(_blockBytes);
            slot.Decoded = decoder(slot.Key, slot.Bytes);
            filled = true;
            return new Lease(this, slot);
        }
        finally
        {
            lock (_slots)
            {
                slot.IsPending = false;
                if (!filled)
                {
                    slot.Users = 0;
                    Remove(slot);
                }
                Monitor.PulseAll(_slots);
            }
        }
    }

    private Slot MakeRoom()
    {
        if (_slots.Count >= _capacity)
        {
            for (LinkedListNode<Slot>? node = _order.Last; node is not null; node = node.Previous)
            {
                if (node.Value.Users == 0)
                {
                    Remove(node.Value);
                    return node.Value;
                }
            }
        }
        return new Slot();
    }

    private void Remove(Slot slot)
    {
        _slots.Remove(slot.Key);
        _order.Remove(slot.Node);
    }

    private void GiveBack(Slot slot)
    {
        lock (_slots)
        {
            slot.Users--;
            if (slot.Users == 0 && _slots.Count > _capacity)
            {
                Remove(slot);
            }
        }
    }

    /// <summary>The bytes of a block as long as this is not disposed.</summary>
    public readonly struct Lease(BlockCache cache, Slot slot) : IDisposable
    {
        public ReadOnlySpan<byte> Bytes => slot.Bytes.AsSpan(0, slot.Decoded.Length);

        /// <inheritdoc cref="DecodedBlock.Stored"/>
        public int Stored => slot.Decoded.Stored;

        public void Dispose() => cache.GiveBack(slot);
    }

    internal sealed class Slot
    {
        public Slot() => Node = new LinkedListNode<Slot>(this);

        public LinkedListNode<Slot> Node { get; }

        public BlockKey Key { get; set; }

        public byte[]? Bytes { get; set; }

        public DecodedBlock Decoded { get; set; }

        public int Users { get; set; }

        public bool IsPending { get; set; }
    }
}

/// <summary>Which block: two that begin at one place but are said to have different lengths are two.</summary>
/// <param name="Offset">Where it is stored, from the begin of the file system.</param>
/// <param name="Stored">Its stored size as the file system has it, with the bit that says that it is not compressed.</param>
internal readonly record struct BlockKey(long Offset, uint Stored);

/// <param name="Length">Bytes of the block in its buffer.</param>
/// <param name="Stored">Bytes that it takes in the file system.</param>
internal readonly record struct DecodedBlock(int Length, int Stored);
