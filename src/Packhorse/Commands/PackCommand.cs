using System.CommandLine;
using Packhorse.Fetch;
using Packhorse.Lock;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Output;
using Packhorse.Packing;

namespace Packhorse.Commands;

/// <summary><c>packhorse pack</c>.</summary>
internal sealed class PackCommand
{
    private readonly Argument<string> _manifest = ArgumentRules.Path(
        "MANIFEST",
        "pixi.toml, pyproject.toml, mojoproject.toml or pixi.lock, or the directory it is in.",
        "."
    );

    private readonly Option<string> _environment = new("--environment", "-e")
    {
        Description = "Environment to pack.",
        HelpName = "NAME",
        DefaultValueFactory = _ => LockFile.DefaultEnvironment,
    };

    private readonly Option<string?> _platform = new("--platform", "-p")
    {
        Description =
            "Platform to pack for, such as linux-64, or its name in the lock file; this machine's if not given.",
        HelpName = "PLATFORM",
    };

    private readonly Option<string?> _output = new("--output-file", "-o")
    {
        Description =
            "File or directory to make, or - for standard output; {sha256:8} in a file's name becomes digits of its SHA-256. [default: environment.tar, environment.sh, environment.ps1 or environment]",
        HelpName = "FILE",
    };

    private readonly Option<bool> _directoryOnly = new("--directory-only")
    {
        Description = "Make a directory instead of a tar.",
    };

    private readonly Option<string[]> _inject = new("--inject", "-i")
    {
        Description = "Conda packages and wheels to add, from this machine; may be patterns.",
        HelpName = "FILE…",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [],
    };

    private readonly Option<bool> _ignoreOtherThanWheels = new("--ignore-pypi-non-wheel")
    {
        Description = "Leave out packages from PyPI that are no wheels, instead of failing.",
    };

    private readonly Option<bool> _buildSdists = new("--build-sdists")
    {
        Description =
            "Build wheels of packages from PyPI that are none, with uv or pip of this machine: their code is run.",
    };

    private readonly Option<PackLayoutKind> _layout = new("--layout")
    {
        Description = "Order of members: packhorse (can be verified while it arrives) or upstream (as pixi-pack).",
        HelpName = "packhorse|upstream",
    };

    private readonly NetworkOptions _network = new();
    private readonly ExecutableOptions _executable = new();
    private readonly SinceOption _since = new();
    private readonly ImageOptions _image = new();
    private readonly CommonOptions _common = new();
    private readonly Terminal _terminal;
    private bool _isPixiPack;

    private PackCommand(Terminal terminal) => _terminal = terminal;

    public static Command Build(Terminal terminal)
    {
        var self = new PackCommand(terminal);
        var command = new Command("pack", "Pack an environment of a pixi project, by its lock file.")
        {
            self._manifest,
            self._environment,
            self._platform,
            self._output,
            self._directoryOnly,
            self._layout,
            self._inject,
            self._ignoreOtherThanWheels,
            self._buildSdists,
        };
        ArgumentRules.NotEmpty(self._environment, self._platform, self._output);
        self._network.AddTo(command, caches: true);
        self._since.AddTo(command);
        self._executable.AddTo(command);
        self._image.AddTo(command);
        self._common.AddTo(command);
        Examples.Add(
            command,
            "packhorse pack",
            "packhorse pack -e prod -p linux-64 -o prod.tar path/to/pixi.toml",
            "packhorse pack --create-executable -o 'envs/prod-{sha256:8}.sh'",
            "packhorse pack --create-executable --since envs/prod-1a2b3c4d.sh -o 'envs/prod-{sha256:8}.sh'",
            "packhorse pack --image --create-executable",
            "packhorse pack --image --prefix /opt/prod -o prod.sqfs",
            "packhorse pack --directory-only -o prod",
            "packhorse pack . --inject 'dist/*.whl' --inject tool-1.0-0.conda",
            "packhorse pack -o - | ssh node packhorse unpack -"
        );
        command.SetAction((parsed, cancellation) => self.RunAsync(parsed, cancellation));
        return command;
    }

    /// <summary>Makes a command of pixi-pack's options.</summary>
    public static void AddAsPixiPack(Command command, Terminal terminal)
    {
        var self = new PackCommand(terminal) { _isPixiPack = true };
        command.Arguments.Add(self._manifest);
        foreach (Option option in (Option[])[self._environment, self._platform, self._output, self._directoryOnly])
        {
            command.Options.Add(option);
        }
        command.Options.Add(self._inject);
        command.Options.Add(self._ignoreOtherThanWheels);
        self._executable.AddTo(command);
        self._network.AddTo(command, caches: true);
        command.Options.Add(self._common.Verbose);
        command.Options.Add(self._common.Quiet);
        ArgumentRules.NotEmpty(self._environment, self._platform, self._output);
        command.SetAction((parsed, cancellation) => self.RunAsync(parsed, cancellation));
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        PackPlan plan = MakePlan(parsed, cancellation);
        bool directory = parsed.GetValue(_directoryOnly);
        bool executable = _executable.IsExecutable(parsed);
        if (parsed.GetValue(_common.DryRun))
        {
            new PackReport(_terminal, plan, ReadSince(parsed, plan, cancellation)).Plan(parsed.GetValue(_common.Json));
            return (int)ExitClass.Ok;
        }
        NetworkSettings network = _network.Read(parsed, _terminal);
        CheckKind(parsed, directory, executable);
        bool image = _image.IsImage(parsed, parsed.GetValue(_output), directory);
        _since.Check(parsed, image, directory, upstream: parsed.GetValue(_layout) == PackLayoutKind.Upstream);
        DeltaBase? since = ReadSince(parsed, plan, cancellation);
        string output = NameOfOutput(parsed, plan.Platform, (directory, executable, image));
        using var building = new TemporaryDirectory(Path.GetTempPath());
        PackResult result = await _common
            .WithReporterAsync(
                parsed,
                _terminal,
                async reporter =>
                {
                    plan.Warnings.ToList().ForEach(reporter.Warn);
                    await using Fetcher fetcher = network.CreateFetcher(reporter);
                    plan = await BuildAsync(plan, building, (fetcher, reporter), cancellation).ConfigureAwait(false);
                    CarriedProgram? program = executable
                        ? await _executable.LoadAsync(parsed, plan.Platform, (fetcher, reporter), cancellation)
                        : null;
                    SinceOption.Check(since, program);
                    var request = new PackRequest
                    {
                        Plan = plan,
                        Output = output == "-" ? Path.GetTempPath() : FileTree.Absolute(output),
                        Layout = parsed.GetValue(_layout),
                        Since = since,
                        Runtime = program?.Runtime,
                        WindowsUnpacker = program?.Windows,
                        Downloads = network.Options.Downloads,
                    };
                    try
                    {
                        return image
                            ? await _image.WriteAsync(parsed, request, (fetcher, reporter), cancellation)
                            : await WriteAsync(request, (output == "-", directory), (fetcher, reporter), cancellation);
                    }
                    finally
                    {
                        foreach (FetchIncident incident in fetcher.Report.Incidents)
                        {
                            reporter.Warn(incident.ToString());
                        }
                    }
                }
            )
            .ConfigureAwait(false);
        Report(parsed, new PackReport(_terminal, plan, since), result, toStandardOutput: output == "-");
        return (int)ExitClass.Ok;
    }

    private void Report(ParseResult parsed, PackReport report, PackResult result, bool toStandardOutput)
    {
        if (parsed.GetValue(_common.Json) && !toStandardOutput)
        {
            report.Json(result);
        }
        else if (_common.Verbosity(parsed) != Verbosity.Quiet)
        {
            report.Text(result, toStandardOutput ? "standard output" : result.Output);
        }
    }

    private static async Task<PackPlan> BuildAsync(
        PackPlan plan,
        TemporaryDirectory directory,
        (Fetcher Fetcher, IReporter Reporter) through,
        CancellationToken cancellation
    )
    {
        if (plan.Sources.Count > 0)
        {
            var sources = new CondaSourceBuilder(EnvironmentVariables.Texts, through.Reporter);
            IReadOnlyList<string> built = sources.Build(plan, directory["sources"], cancellation);
            plan = plan.WithSources(InjectedPackages.Read(built, cancellation));
        }
        if (plan.ToBuild.Count == 0)
        {
            return plan;
        }
        var request = new SourceBuildRequest
        {
            LockDirectory = plan.LockDirectory,
            Place = name => directory[name],
            Variables = EnvironmentVariables.Texts,
        };
        var builder = new SourceBuilder(request, through.Fetcher, through.Reporter);
        return plan.WithBuilt(await builder.BuildAsync(plan.ToBuild, cancellation).ConfigureAwait(false));
    }

    private string NameOfOutput(
        ParseResult parsed,
        Platform platform,
        (bool Directory, bool Executable, bool Image) kind
    )
    {
        if (parsed.GetValue(_output) is not { } output)
        {
            return DefaultOutput(platform, kind.Directory, kind.Executable, kind.Image);
        }
        // Scripts that use pixi-pack count on its extension.
        return _isPixiPack && kind.Executable && output != "-"
            ? Path.ChangeExtension(output, platform.IsWindows ? ".ps1" : ".sh")
            : output;
    }

    private static string DefaultOutput(Platform platform, bool directory, bool executable, bool image) =>
        directory ? "environment"
        : executable && platform.IsWindows ? "environment.ps1"
        : executable ? "environment.sh"
        : image ? $"environment{ImageOptions.Extension}"
        : "environment.tar";

    private async Task<PackResult> WriteAsync(
        PackRequest request,
        (bool Stream, bool Directory) kind,
        (Fetcher Fetcher, IReporter Reporter) through,
        CancellationToken cancellation
    )
    {
        if (kind.Directory)
        {
            return kind.Stream
                ? throw new UsageException(ErrorCodes.BadArguments, "a directory cannot be written to standard output")
                : await PackDirectoryWriter.WriteAsync(request, through.Fetcher, through.Reporter, cancellation);
        }
        if (!kind.Stream)
        {
            return request.WindowsUnpacker is { } unpacker
                ? await PowerShellFileWriter.WriteAsync(request, unpacker, through, cancellation)
                : await PackFileWriter.WriteAsync(request, through.Fetcher, through.Reporter, cancellation);
        }
        await using Stream output = _terminal.OpenOutput();
        return request.WindowsUnpacker is { } program
            ? await PowerShellFileWriter.WriteToAsync(request, program, output, through, cancellation)
            : await PackStreamWriter.WriteAsync(request, output, through, cancellation);
    }

    private void CheckKind(ParseResult parsed, bool directory, bool executable)
    {
        string? mistake =
            directory && executable ? "--directory-only and --create-executable exclude each other"
            : directory && OutputName.Parse(parsed.GetValue(_output) ?? "").DependsOnContent
                ? "a directory has no SHA-256: {sha256:N} is for names of files"
            : _executable.FindMistake(parsed);
        if (mistake is not null)
        {
            throw new UsageException(ErrorCodes.BadArguments, mistake);
        }
    }

    // --inject takes all that follows it, as pixi-pack's: a manifest named after it is still the manifest.
    private (string Manifest, string[] Injected) ReadInputs(ParseResult parsed)
    {
        string[] injected = parsed.GetValue(_inject)!;
        bool named = parsed.GetResult(_manifest)?.Tokens.Count > 0;
        bool isManifest =
            !named
            && injected.Length > 0
            && (Path.GetExtension(injected[^1]) is ".toml" or ".lock" || FileTree.DirectoryExists(injected[^1]));
        return isManifest ? (injected[^1], injected[..^1]) : (parsed.GetValue(_manifest)!, injected);
    }

    private PackPlan MakePlan(ParseResult parsed, CancellationToken cancellation)
    {
        (string manifest, string[] injected) = ReadInputs(parsed);
        string lockPath = ManifestLocation.FindLock(manifest);
        LockFile lockFile = LockFile.Parse(InputFile.ReadAllBytes(lockPath, Limits.TextBytes), lockPath);
        string platform = parsed.GetValue(_platform) ?? HostPlatform.Current.Subdir;
        LockedSelection selection = lockFile.Select(parsed.GetValue(_environment)!, platform);
        var options = new PackPlanOptions
        {
            IgnoreOtherThanWheels = parsed.GetValue(_ignoreOtherThanWheels),
            BuildOtherThanWheels = parsed.GetValue(_buildSdists),
        };
        var plan = PackPlan.Create(selection, Path.GetDirectoryName(lockPath)!, options);
        return plan.Inject(InjectedPackages.Read(injected, cancellation));
    }

    private DeltaBase? ReadSince(ParseResult parsed, PackPlan plan, CancellationToken cancellation) =>
        _common.WithReporter(parsed, _terminal, reporter => _since.Read(parsed, plan, reporter, cancellation));
}
