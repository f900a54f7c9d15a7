using Packhorse.Image;

namespace Packhorse.Tests.Image;

public sealed class BlockCacheTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static readonly BlockCache.Decoder Plain = (key, buffer) =>
    {
        buffer.Fill((byte)key.Offset);
        return new DecodedBlock(buffer.Length, 1);
    };

    [Fact]
    public void A_block_is_decoded_once_while_there_is_room_and_the_oldest_gives_way()
    {
        int decoded = 0;
        var cache = new BlockCache(10, 30);
        void Touch(int block)
        {
            using BlockCache.Lease lease = cache.Get(
                new BlockKey(block, 0),
                (key, buffer) =>
                {
                    decoded++;
                    return Plain(key, buffer);
                }
            );
            Assert.Equal((byte)block, lease.Bytes[9]);
        }
        foreach (int block in (int[])[1, 2, 3, 1, 2, 3])
        {
            Touch(block);
        }
        Assert.Equal(3, decoded);
        // 1 was used last, so that 2 goes.
        Touch(1);
        Touch(4);
        Touch(1);
        Touch(3);
        Assert.Equal(4, decoded);
        Touch(2);
        Assert.Equal(5, decoded);
    }

    [Fact]
    public void What_is_being_read_is_never_overwritten()
    {
        var cache = new BlockCache(10, 20);
        BlockCache.Lease[] leases = [.. Enumerable.Range(0, 50).Select(i => cache.Get(new BlockKey(i, 0), Plain))];

        for (int i = 0; i < leases.Length; i++)
        {
            Assert.Equal(Enumerable.Repeat((byte)i, 10), leases[i].Bytes.ToArray());
            leases[i].Dispose();
        }
        Assert.False(cache.TryGet(new BlockKey(0, 0), out _));
    }

    [Fact]
    public async Task Several_that_want_a_block_wait_for_the_one_that_decodes_it_and_others_do_not()
    {
        var cache = new BlockCache(10, 50);
        using var begun = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        int decoded = 0;
        int Read(int block)
        {
            using BlockCache.Lease lease = cache.Get(
                new BlockKey(block, 0),
                (key, buffer) =>
                {
                    Interlocked.Increment(ref decoded);
                    begun.Set();
                    Assert.True(goOn.Wait(Long, Cancellation));
                    return Plain(key, buffer);
                }
            );
            return lease.Bytes[0];
        }
        Task<int>[] readers = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(() => Read(7), Cancellation))];
        Assert.True(begun.Wait(Long, Cancellation));

        using (BlockCache.Lease other = cache.Get(new BlockKey(8, 0), Plain))
        {
            Assert.Equal(8, other.Bytes[0]);
        }
        Assert.All(readers, reader => Assert.False(reader.IsCompleted));
        goOn.Set();

        int[] read = await Task.WhenAll(readers).WaitAsync(Long, Cancellation);
        Assert.Equal([7, 7, 7, 7], read);
        Assert.Equal(1, decoded);
    }

    [Fact]
    public async Task A_block_that_cannot_be_decoded_fails_for_each_and_is_tried_again()
    {
        var cache = new BlockCache(10, 50);
        using var begun = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        void Fail() =>
            cache.Get(
                new BlockKey(7, 0),
                (_, _) =>
                {
                    begun.Set();
                    Assert.True(goOn.Wait(Long, Cancellation));
                    throw new InvalidDataException("damaged");
                }
            );
        Task[] readers = [.. Enumerable.Range(0, 3).Select(_ => Task.Run(Fail, Cancellation))];
        Assert.True(begun.Wait(Long, Cancellation));
        goOn.Set();
        foreach (Task reader in readers)
        {
            await Assert.ThrowsAsync<InvalidDataException>(() => reader.WaitAsync(Long, Cancellation));
        }

        using BlockCache.Lease lease = cache.Get(new BlockKey(7, 0), Plain);
        Assert.Equal(7, lease.Bytes[0]);
    }
}
