using System.Runtime.ExceptionServices;

namespace Packhorse.Os;

/// <summary>A bounded number of threads over a list of independent jobs.</summary>
public static class Workers
{
    /// <summary>
    /// Runs <paramref name="job"/> on every item, taking them in order, on at most <paramref name="count"/> threads. After a failure
    /// no further item is begun, the running ones see their token cancelled, and when all threads have ended the first failure is
    /// thrown.
    /// </summary>
    public static void Run<T>(
        IReadOnlyList<T> items,
        int count,
        Action<T, CancellationToken> job,
        CancellationToken cancellation
    )
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        int next = -1;
        ExceptionDispatchInfo? failure = null;

        void Work()
        {
            while (!stop.IsCancellationRequested)
            {
                int index = Interlocked.Increment(ref next);
                if (index >= items.Count)
                {
                    return;
                }
                try
                {
                    job(items[index], stop.Token);
                }
                catch (Exception error)
                {
                    // The first one is the cause; what the others say after the cancellation is its echo.
                    Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(error), null);
                    stop.Cancel();
                }
            }
        }

        int threads = Math.Min(Math.Max(1, count), items.Count);
        var started = new Thread[Math.Max(0, threads - 1)];
        for (int i = 0; i < started.Length; i++)
        {
            started[i] = new Thread(Work) { IsBackground = true, Name = $"worker {i + 1}" };
            started[i].Start();
        }
        Work();
        foreach (Thread thread in started)
        {
            thread.Join();
        }
        failure?.Throw();
        cancellation.ThrowIfCancellationRequested();
    }
}
