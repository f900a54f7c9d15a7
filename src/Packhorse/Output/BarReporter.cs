using Packhorse.Model;
using Spectre.Console;

namespace Packhorse.Output;

/// <summary>Progress as one bar of bytes a stage on a terminal, with the items done beside it.</summary>
internal sealed class BarReporter : IReporter, IDisposable
{
    private readonly IAnsiConsole _console;
    private readonly bool _verbose;
    private readonly System.Threading.Lock _gate = new();
    private readonly ManualResetEventSlim _ended = new();
    private readonly Thread _drawing;
    private ProgressContext? _context;
    private ProgressTask? _bar;
    private long _pending;

    public BarReporter(IAnsiConsole console, bool verbose)
    {
        _console = console;
        _verbose = verbose;
        using var ready = new ManualResetEventSlim();
        _drawing = new Thread(() => Draw(ready)) { IsBackground = true, Name = "progress" };
        _drawing.Start();
        ready.Wait();
    }

    public void BeginStage(string stage, int items, long bytes)
    {
        lock (_gate)
        {
            Flush();
            _bar?.StopTask();
            // Without bytes there is nothing to draw: such stages are short.
            _bar = bytes > 0 ? _context!.AddTask(Markup.Escape(stage), maxValue: bytes) : null;
        }
    }

    public void Advance(long bytes)
    {
        // Workers call this for every block; the bar is told every few MiB.
        if (Math.Abs(Interlocked.Add(ref _pending, bytes)) > 1 << 20)
        {
            lock (_gate)
            {
                Flush();
            }
        }
    }

    public void ItemDone(string item)
    {
        if (_verbose)
        {
            Detail($"  {item}");
        }
    }

    public void Warn(string message) => Write("[yellow]warning:[/] ", message);

    public void Detail(string message)
    {
        if (_verbose)
        {
            Write("", message);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            Flush();
        }
        _ended.Set();
        _drawing.Join();
        _ended.Dispose();
    }

    private void Write(string markup, string message)
    {
        lock (_gate)
        {
            _console.MarkupLine($"{markup}{Markup.Escape(Printable.Text(message))}");
        }
    }

    private void Flush() => _bar?.Increment(Interlocked.Exchange(ref _pending, 0));

    private void Draw(ManualResetEventSlim ready) =>
        _console
            .Progress()
            .AutoClear(true)
            .Columns(
                new TaskDescriptionColumn(),
                new ProgressBarColumn(),
                new PercentageColumn(),
                new DownloadedColumn(),
                new RemainingTimeColumn()
            )
            .Start(context =>
            {
                _context = context;
                ready.Set();
                _ended.Wait();
            });
}
