using Packhorse.Install;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Packing;

/// <summary>The environment's Python, started as often as modules are compiled at once; not at all where it does not run here.</summary>
internal sealed class ByteCodeCompilers : IDisposable
{
    private readonly string _directory;
    private readonly ByteCodeCompiler[] _all;
    private bool _handedOver;

    private ByteCodeCompilers(string directory, ByteCodeCompiler[] all)
    {
        _directory = directory;
        _all = all;
    }

    /// <summary>There is byte-code.</summary>
    public bool Any => _all.Length > 0;

    /// <exception cref="IncompatibleException">Byte-code was asked for, and there is no Python that could make it.</exception>
    public static ByteCodeCompilers Start(
        ImageRequest request,
        (IReadOnlyList<PackageToInstall> Infos, ImagePackages Packages) environment,
        PartDirectory part,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        string directory = part["python"];
        FileTree.DeleteDirectory(directory);
        if (request.ByteCode == ByteCodeMode.Off)
        {
            return new ByteCodeCompilers(directory, []);
        }
        string? interpreter = InterpreterLayout.Make(
            directory,
            environment.Infos,
            environment.Packages,
            (request.Plan.Platform, request.Workers),
            cancellation
        );
        ByteCodeCompiler? first = interpreter is null ? null : ByteCodeCompiler.TryStart(interpreter);
        if (first is null)
        {
            if (request.ByteCode == ByteCodeMode.On)
            {
                throw new IncompatibleException(
                    ErrorCodes.UnsupportedHere,
                    $"the environment has no Python that runs on this machine ({HostPlatform.Current}) and makes byte-code"
                )
                {
                    Hint = "leave --pyc out: then there is byte-code where it can be made",
                };
            }
            reporter.Detail("no byte-code: the environment has no Python that runs here");
            return new ByteCodeCompilers(directory, []);
        }
        IEnumerable<ByteCodeCompiler?> more = Enumerable
            .Range(1, request.Workers - 1)
            .Select(_ => ByteCodeCompiler.TryStart(interpreter!));
        return new ByteCodeCompilers(directory, [first, .. more.OfType<ByteCodeCompiler>()]);
    }

    /// <summary>Hands the compilers over.</summary>
    public ByteCodeWriter? WriteTo(ImageSink sink, InstallPlan plan)
    {
        if (_all.Length == 0)
        {
            return null;
        }
        var writer = new ByteCodeWriter(_all, sink, plan);
        _handedOver = true;
        return writer;
    }

    public void Dispose()
    {
        if (!_handedOver)
        {
            foreach (ByteCodeCompiler compiler in _all)
            {
                compiler.Dispose();
            }
        }
        FileTree.DeleteDirectory(_directory);
    }
}
