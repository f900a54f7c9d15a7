using System.Text;
using Packhorse.Install;
using Packhorse.Model;

namespace Packhorse.Packing;

/// <summary>
/// Puts byte-code beside the modules of an image. A package's modules are compiled by a thread of their own while the next packages are
/// read, and their byte-code comes at a fixed distance behind them: what the image looks like does not depend on who was faster.
/// </summary>
internal sealed class ByteCodeWriter : IDisposable
{
    // Packages that may be waiting to be compiled.
    private const int Lag = 4;

    // Larger ones are data; compiling them takes seconds and gigabytes.
    private const int LargestModule = 4 << 20;

    private readonly ByteCodeCompiler[] _compilers;
    private readonly HashSet<string> _packaged;
    private readonly ImageSink _sink;
    private readonly string _prefix;
    private readonly Queue<Task<(IReadOnlyList<PythonModule> Modules, byte[][] Codes)>> _pending = new();
    private readonly Queue<ByteCodeCompiler> _idle;
    private List<PythonModule> _modules = [];

    /// <param name="compilers">Owned.</param>
    /// <param name="plan">Names the prefix, and what packages bring themselves.</param>
    public ByteCodeWriter(ByteCodeCompiler[] compilers, ImageSink sink, InstallPlan plan)
    {
        _compilers = compilers;
        _sink = sink;
        _prefix = plan.Target.Prefix;
        _packaged = plan
            .Packages.SelectMany(package => package.Targets)
            .Where(path => path.EndsWith(".pyc", StringComparison.Ordinal))
            .ToHashSet(StringComparer.Ordinal);
        _idle = new Queue<ByteCodeCompiler>(compilers);
    }

    /// <summary>True for what should be given to <see cref="Add"/>.</summary>
    public static bool Wants(string path, long? size) =>
        path.EndsWith(".py", StringComparison.Ordinal)
        && path.StartsWith("lib/python", StringComparison.Ordinal)
        && size is null or <= LargestModule;

    public void Add(string path, byte[] source)
    {
        if (source.Length <= LargestModule)
        {
            _modules.Add(new PythonModule(path, source));
        }
    }

    /// <summary>The modules so far are those of one package.</summary>
    public void EndPackage()
    {
        List<PythonModule> group = _modules;
        _modules = [];
        // Also of packages without modules: the distance is counted in packages.
        _pending.Enqueue(
            group.Count == 0
                ? Task.FromResult(((IReadOnlyList<PythonModule>)group, Array.Empty<byte[]>()))
                : Start(group)
        );
        if (_pending.Count > Lag)
        {
            WriteNext();
        }
    }

    public void Complete()
    {
        while (_pending.Count > 0)
        {
            WriteNext();
        }
    }

    public void Dispose()
    {
        foreach (ByteCodeCompiler compiler in _compilers)
        {
            compiler.Dispose();
        }
        foreach (Task<(IReadOnlyList<PythonModule>, byte[][])> task in _pending)
        {
            // Ended by the death of its compiler; what it says of that is of no interest any more.
            ((IAsyncResult)task).AsyncWaitHandle.WaitOne();
            _ = task.Exception;
        }
    }

    private Task<(IReadOnlyList<PythonModule>, byte[][])> Start(IReadOnlyList<PythonModule> group) =>
        Task.Factory.StartNew(
            () =>
            {
                ByteCodeCompiler compiler = Take();
                try
                {
                    return (group, compiler.Compile(group, _prefix));
                }
                finally
                {
                    GiveBack(compiler);
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );

    private ByteCodeCompiler Take()
    {
        lock (_idle)
        {
            while (_idle.Count == 0)
            {
                Monitor.Wait(_idle);
            }
            return _idle.Dequeue();
        }
    }

    private void GiveBack(ByteCodeCompiler compiler)
    {
        lock (_idle)
        {
            _idle.Enqueue(compiler);
            Monitor.Pulse(_idle);
        }
    }

    private void WriteNext()
    {
        (IReadOnlyList<PythonModule> modules, byte[][] codes) = _pending.Dequeue().GetAwaiter().GetResult();
        foreach ((PythonModule module, byte[] code) in modules.Zip(codes))
        {
            string path = _compilers[0].PathFor(module.Path);
            string name = path[(path.LastIndexOf('/') + 1)..];
            bool fits = Encoding.UTF8.GetByteCount(name) <= Limits.PathComponentBytes;
            if (code.Length > 0 && fits && !_packaged.Contains(path))
            {
                _sink.WriteByteCode(path, code);
            }
        }
    }
}
