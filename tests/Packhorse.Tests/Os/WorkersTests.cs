using System.Collections.Concurrent;
using Packhorse.Os;

namespace Packhorse.Tests.Os;

public sealed class WorkersTests
{
    private static readonly int[] Items = [.. Enumerable.Range(0, 200)];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(500)]
    public void Every_item_is_done_once_on_no_more_threads_than_allowed(int count)
    {
        var done = new ConcurrentBag<int>();
        int running = 0;
        int most = 0;
        Workers.Run(
            Items,
            count,
            (item, _) =>
            {
                int now = Interlocked.Increment(ref running);
                InterlockedMax(ref most, now);
                Thread.Yield();
                done.Add(item);
                Interlocked.Decrement(ref running);
            },
            CancellationToken.None
        );
        Assert.Equal(Items, done.Order());
        Assert.InRange(most, 1, Math.Max(1, count));
    }

    [Fact]
    public void One_worker_takes_the_items_in_their_order()
    {
        var done = new List<int>();
        Workers.Run(Items, 1, (item, _) => done.Add(item), CancellationToken.None);
        Assert.Equal(Items, done);
    }

    [Fact]
    public void After_a_failure_the_others_are_told_and_nothing_new_is_begun()
    {
        int begun = 0;
        using var other = new ManualResetEventSlim();
        var error = Assert.Throws<InvalidOperationException>(() =>
            Workers.Run(
                Items,
                2,
                (item, token) =>
                {
                    Interlocked.Increment(ref begun);
                    if (item == 0)
                    {
                        other.Wait(TimeSpan.FromSeconds(20), CancellationToken.None);
                        throw new InvalidOperationException("first");
                    }
                    other.Set();
                    Assert.True(token.WaitHandle.WaitOne(TimeSpan.FromSeconds(20)));
                    token.ThrowIfCancellationRequested();
                },
                CancellationToken.None
            )
        );
        Assert.Equal("first", error.Message);
        Assert.Equal(2, begun);
    }

    [Fact]
    public void Cancellation_is_thrown_when_all_threads_have_ended()
    {
        using var cancellation = new CancellationTokenSource();
        int begun = 0;
        Assert.ThrowsAny<OperationCanceledException>(() =>
            Workers.Run(
                Items,
                2,
                (_, token) =>
                {
                    if (Interlocked.Increment(ref begun) == 1)
                    {
                        cancellation.Cancel();
                    }
                    Assert.True(token.WaitHandle.WaitOne(TimeSpan.FromSeconds(20)));
                },
                cancellation.Token
            )
        );
        Assert.InRange(begun, 1, 2);
    }

    [Fact]
    public void No_items_are_no_work() =>
        Workers.Run<int>([], 4, (_, _) => Assert.Fail("there is nothing to do"), CancellationToken.None);

    private static void InterlockedMax(ref int target, int value)
    {
        int seen;
        while ((seen = Volatile.Read(ref target)) < value)
        {
            Interlocked.CompareExchange(ref target, value, seen);
        }
    }
}
