using System.Collections.Concurrent;

namespace Packhorse.Tests.Fetch;

/// <summary>A clock whose timers run a thousand times faster than they should, and which knows what was waited for.</summary>
internal sealed class HastyClock : TimeProvider
{
    private const int Haste = 1000;

    private readonly ConcurrentQueue<TimeSpan> _waits = [];

    /// <summary>All finite times that timers were set to.</summary>
    public IReadOnlyList<TimeSpan> Waits => [.. _waits];

    public DateTimeOffset Now { get; } = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => Now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new Timer(this, System.CreateTimer(callback, state, Hasten(dueTime), period));

    private TimeSpan Hasten(TimeSpan time)
    {
        if (time == Timeout.InfiniteTimeSpan)
        {
            return time;
        }
        _waits.Enqueue(time);
        return time / Haste;
    }

    private sealed class Timer(HastyClock clock, ITimer timer) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(clock.Hasten(dueTime), period);

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
