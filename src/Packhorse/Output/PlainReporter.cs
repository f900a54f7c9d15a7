using Packhorse.Model;

namespace Packhorse.Output;

/// <summary>How much is said.</summary>
public enum Verbosity
{
    /// <summary>Errors and warnings.</summary>
    Quiet,
    Normal,

    /// <summary>Every package, and stack traces of errors.</summary>
    Verbose,
}

/// <summary>Progress as lines, for logs: a line when a stage begins, and one every few seconds while it lasts.</summary>
internal sealed class PlainReporter(TextWriter error, Verbosity verbosity, TimeProvider time) : IReporter
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly System.Threading.Lock _gate = new();
    private string _stage = "";
    private int _items;
    private int _itemsDone;
    private long _bytes;
    private long _bytesDone;
    private long _lastLine;

    public void BeginStage(string stage, int items, long bytes)
    {
        lock (_gate)
        {
            (_stage, _items, _bytes, _itemsDone, _bytesDone) = (stage, items, bytes, 0, 0);
            _lastLine = time.GetTimestamp();
            if (verbosity != Verbosity.Quiet && (items > 0 || bytes > 0))
            {
                string size = bytes > 0 ? $", {ByteSize.Format(bytes)}" : "";
                error.WriteLine($"{stage}: {items} package(s){size}");
            }
        }
    }

    public void Advance(long bytes)
    {
        long done = Interlocked.Add(ref _bytesDone, bytes);
        if (verbosity == Verbosity.Quiet || time.GetElapsedTime(Volatile.Read(ref _lastLine)) < Interval)
        {
            return;
        }
        lock (_gate)
        {
            if (time.GetElapsedTime(_lastLine) >= Interval)
            {
                _lastLine = time.GetTimestamp();
                error.WriteLine(
                    $"{_stage}: {ByteSize.Format(done)} of {ByteSize.Format(_bytes)}, {_itemsDone} of {_items}"
                );
            }
        }
    }

    public void ItemDone(string item)
    {
        lock (_gate)
        {
            _itemsDone++;
            if (verbosity == Verbosity.Verbose)
            {
                error.WriteLine($"  {Printable.Text(item)}");
            }
        }
    }

    public void Warn(string message)
    {
        lock (_gate)
        {
            error.WriteLine($"warning: {Printable.Text(message)}");
        }
    }

    public void Detail(string message)
    {
        if (verbosity == Verbosity.Verbose)
        {
            lock (_gate)
            {
                error.WriteLine(Printable.Text(message));
            }
        }
    }
}
