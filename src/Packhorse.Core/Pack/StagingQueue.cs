using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using System.Runtime.Versioning;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Pack;

/// <summary>
/// Packages held in memory until a worker has staged them: at most <see cref="Limits.StreamedTotalBytes"/> at once, so that
/// <see cref="Add"/> waits for memory and a slow disk slows the stream down.
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

    /// <summary>Takes over the buffer.</summary>
    public void Add(AnonymousMemory buffer, Func<StagedPackage> stage)
    {
        lock (_gate)
        {
            while (_failure is null && _held > 0 && _held + buffer.Length > Limits.StreamedTotalBytes)
            {
                Monitor.Wait(_gate, millisecondsTimeout: 100);
                _cancellation.ThrowIfCancellationRequested();
            }
            if (_failure is null)
            {
                _held += buffer.Length;
                _jobs.Add((buffer, stage), CancellationToken.None);
                return;
            }
        }
        buffer.Dispose();
        _failure.Throw();
    }

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
