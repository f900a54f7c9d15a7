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
                // Of one file its size says enough.
                string count = items > 1 ? $"{items:N0} files" : "";
                string size = bytes > 0 ? ByteSize.Format(bytes) : "";
                string both = string.Join(", ", new[] { count, size }.Where(text => text.Length > 0));
                error.WriteLine(Printable.Text(both.Length > 0 ? $"{stage}: {both}" : stage));
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
                string count = _items > 1 ? $", {_itemsDone:N0} of {_items:N0}" : "";
                string size = _bytes > 0 ? $" of {ByteSize.Format(_bytes)}" : "";
                error.WriteLine(Printable.Text($"{_stage}: {ByteSize.Format(done)}{size}{count}"));
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
