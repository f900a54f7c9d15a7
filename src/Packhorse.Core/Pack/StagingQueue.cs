using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using System.Runtime.Versioning;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Pack;

/// <summary>
/// Packages held in memory until a worker has staged them: at most <see cref="Limits.StreamedTotalBytes"/> at once, so that
/// <see cref="Reserve"/> waits for memory and a slow disk slows the stream down.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class StagingQueue : IDisposable
{
    private readonly BlockingCollection<(AnonymousMemory Buffer, Func<StagedPackage> Stage)> _jobs = [];
    private readonly Thread[] _threads;
    private readonly Action<StagedPackage> _staged;
    private readonly CancellationToken _cancellation;
    private readonly object _gate = new();
    private long _held;
    private ExceptionDispatchInfo? _failure;

    public StagingQueue(int workers, Action<StagedPackage> staged, CancellationToken cancellation)
    {
        _staged = staged;
        _cancellation = cancellation;
        _threads = new Thread[Math.Max(1, workers)];
        for (int i = 0; i < _threads.Length; i++)
        {
            _threads[i] = new Thread(Work) { IsBackground = true, Name = $"stager {i + 1}" };
            _threads[i].Start();
        }
    }

    /// <summary>Waits until so many bytes may be held; they count as held from then on.</summary>
    /// <exception cref="PackhorseException">Staging a package has failed meanwhile.</exception>
    public void Reserve(long bytes)
    {
        lock (_gate)
        {
            while (_failure is null && _held > 0 && _held + bytes > Limits.StreamedTotalBytes)
            {
                Monitor.Wait(_gate, millisecondsTimeout: 1000);
                _cancellation.ThrowIfCancellationRequested();
            }
            _failure?.Throw();
            _held += bytes;
        }
    }

    /// <summary>Takes over a buffer whose bytes were reserved.</summary>
    public void Add(AnonymousMemory buffer, Func<StagedPackage> stage) =>
        _jobs.Add((buffer, stage), CancellationToken.None);

    /// <summary>Waits for the last package and throws the first failure.</summary>
    public void Complete()
    {
        Finish();
        _failure?.Throw();
        _cancellation.ThrowIfCancellationRequested();
    }

    public void Dispose()
    {
        // On the way out of a failure what is still queued need not be staged.
        lock (_gate)
        {
            _failure ??= _jobs.IsAddingCompleted
                ? null
                : ExceptionDispatchInfo.Capture(new OperationCanceledException(_cancellation));
        }
        Finish();
        _jobs.Dispose();
    }

    private void Finish()
    {
        _jobs.CompleteAdding();
        foreach (Thread thread in _threads)
        {
            thread.Join();
        }
    }

    private void Work()
    {
        foreach (
            (AnonymousMemory buffer, Func<StagedPackage> stage) in _jobs.GetConsumingEnumerable(CancellationToken.None)
        )
        {
            try
            {
                if (Volatile.Read(ref _failure) is null)
                {
                    _cancellation.ThrowIfCancellationRequested();
                    _staged(stage());
                }
            }
            catch (Exception error)
            {
                Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(error), null);
            }
            finally
            {
                buffer.Dispose();
                lock (_gate)
                {
                    _held -= buffer.Length;
                    Monitor.PulseAll(_gate);
                }
            }
        }
    }
}
