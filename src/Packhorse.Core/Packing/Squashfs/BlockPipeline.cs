using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Packhorse.Codecs;
using Packhorse.Os;

namespace Packhorse.Packing.Squashfs;

/// <summary>Where the next block goes.</summary>
internal sealed class WritePosition
{
    /// <summary>Bytes from the begin of the file system.</summary>
    public long Offset { get; set; }
}

/// <summary>
/// Compresses blocks on several threads and writes them in the order in which they came, so that the result does not depend on the
/// number of threads. A fixed number of blocks is under way; one thread gives them in.
/// </summary>
internal sealed class BlockPipeline : IDisposable
{
    private readonly OutputFile _output;
    private readonly long _begin;
    private readonly int _level;
    private readonly WritePosition _position;
    private readonly BlockingCollection<DataBlock> _free = [];
    private readonly BlockingCollection<DataBlock> _toCompress = [];
    private readonly BlockingCollection<Step> _inOrder = [];
    private readonly List<DataBlock> _blocks = [];
    private readonly CancellationTokenSource _stop;
    private readonly Thread[] _threads;
    private ExceptionDispatchInfo? _failure;

    /// <param name="place">Where the file system begins in the output, and where from there the first block goes.</param>
    public BlockPipeline(
        OutputFile output,
        (long Begin, long First) place,
        (int BlockBytes, int Level, int Workers) how,
        CancellationToken cancellation
    )
    {
        _output = output;
        _begin = place.Begin;
        _level = how.Level;
        _position = new WritePosition { Offset = place.First };
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        for (int i = 0; i < (4 * how.Workers) + 4; i++)
        {
            var block = new DataBlock(how.BlockBytes);
            _blocks.Add(block);
            _free.Add(block, CancellationToken.None);
        }
        _threads =
        [
            .. Enumerable.Range(1, how.Workers).Select(number => Start(CompressAll, $"compress {number}")),
            Start(WriteAll, "write blocks"),
        ];
    }

    /// <summary>An empty block; waits until one is free.</summary>
    public DataBlock Rent()
    {
        DataBlock block = Checked(() => _free.Take(_stop.Token));
        block.Reset();
        return block;
    }

    /// <summary>Takes the block away, unwritten.</summary>
    public void Return(DataBlock block) => _free.Add(block, CancellationToken.None);

    /// <param name="written">Called on the writing thread with the block's place and its size as stored.</param>
    public void Write(DataBlock block, Action<long, uint> written) =>
        Checked(() =>
        {
            _inOrder.Add(new Step(block, written, null), _stop.Token);
            if (!block.IsHole)
            {
                _toCompress.Add(block, _stop.Token);
            }
            return true;
        });

    /// <summary>Runs something on the writing thread when all blocks before it are written.</summary>
    public void Then(Action<WritePosition> step) =>
        Checked(() =>
        {
            _inOrder.Add(new Step(null, null, step), _stop.Token);
            return true;
        });

    /// <summary>Waits until everything is written.</summary>
    /// <returns>Where the next byte goes.</returns>
    public long Complete()
    {
        Checked(() =>
        {
            _toCompress.CompleteAdding();
            _inOrder.CompleteAdding();
            Join();
            return true;
        });
        _failure?.Throw();
        _stop.Token.ThrowIfCancellationRequested();
        return _position.Offset;
    }

    public void Dispose()
    {
        _stop.Cancel();
        Join();
        _blocks.ForEach(block => block.Dispose());
        _free.Dispose();
        _toCompress.Dispose();
        _inOrder.Dispose();
        _stop.Dispose();
    }

    private Thread Start(Action work, string name)
    {
        var thread = new Thread(() => Guard(work)) { IsBackground = true, Name = name };
        thread.Start();
        return thread;
    }

    private void Join()
    {
        foreach (Thread thread in _threads)
        {
            thread.Join();
        }
    }

    // The first failure is the cause; what other threads say after it is its echo.
    private void Guard(Action work)
    {
        try
        {
            work();
        }
        catch (Exception error)
        {
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(error), null);
            _stop.Cancel();
        }
    }

    private T Checked<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (OperationCanceledException)
        {
            _failure?.Throw();
            throw;
        }
    }

    private void CompressAll()
    {
        using var compressor = new ZstdCompressor(_level);
        foreach (DataBlock block in _toCompress.GetConsumingEnumerable(_stop.Token))
        {
            block.Compress(compressor);
        }
    }

    private void WriteAll()
    {
        foreach (Step step in _inOrder.GetConsumingEnumerable(_stop.Token))
        {
            step.Then?.Invoke(_position);
            if (step.Block is { } block)
            {
                ReadOnlySpan<byte> stored = block.Wait(out uint size, _stop.Token);
                _output.Write(stored, _begin + _position.Offset);
                step.Written!(_position.Offset, size);
                _position.Offset += stored.Length;
                Return(block);
            }
        }
    }

    private readonly record struct Step(DataBlock? Block, Action<long, uint>? Written, Action<WritePosition>? Then);
}
