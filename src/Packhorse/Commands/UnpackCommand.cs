using System.CommandLine;
using System.Runtime.Versioning;
using System.Text.Json;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Output;
using Packhorse.Pack;

namespace Packhorse.Commands;

/// <summary><c>packhorse unpack</c>.</summary>
internal sealed class UnpackCommand
{
    private const int MostWorkers = 1024;

    private readonly Argument<string> _pack = ArgumentRules.Path(
        "PACK",
        "A pack: a tar, a self-extracting file (pixi-pack's too), a directory, or - for a tar on standard input; or an image.",
        "environment.tar"
    );

    private readonly Option<string> _output = new("--output-directory", "-o")
    {
        Description = "Directory that gets the environment and the activation script.",
        HelpName = "DIR",
        DefaultValueFactory = _ => ".",
    };

    private readonly Option<string> _name = new("--env-name", "-e")
    {
        Description = "Name of the environment's directory.",
        HelpName = "NAME",
        DefaultValueFactory = _ => "env",
    };

    private readonly Option<string[]> _shell = new("--shell", "-s")
    {
        Description =
            "Shell that the activation script is for: bash (and sh, dash, ksh), zsh, fish, xonsh, powershell, cmd or nushell. Repeatable. [default: bash]",
        HelpName = "SHELL",
    };

    private readonly Option<int> _workers = new("--workers")
    {
        Description =
            "Threads that unpack. [default: the processors of this machine, or of the slot of a job in HTCondor; at most 16]",
        HelpName = "N",
    };

    private readonly Option<string[]> _overrides = new("--override-virtual")
    {
        Description =
            "What this machine has, in place of what is found, such as __glibc=2.28; without a version it is not looked at. Repeatable.",
        HelpName = "NAME=V",
    };

    private readonly Option<bool> _noWait = new("--no-wait")
    {
        Description = "Fail instead of waiting when another process unpacks into the same environment.",
    };

    private readonly Option<bool> _runLinkScripts = new("--run-link-scripts")
    {
        Description = "Run the post-link scripts that packages bring: programs of theirs, with your rights.",
    };

    private readonly Option<string> _first = new("--first")
    {
        Description = "Of an image: unpack these first; a file with a path in a line, or what a recording wrote.",
        HelpName = "LIST",
    };

    private readonly Option<bool> _keepByteCode = new("--keep-pyc")
    {
        Description = "Of an image: unpack its byte-code too.",
    };

    private readonly Option<string?> _base = BaseOption.Create();
    private readonly ExpectOptions _expected = new();
    private readonly CommonOptions _common = new();
    private readonly Terminal _terminal;

    private UnpackCommand(Terminal terminal) => _terminal = terminal;

    public static Command Build(Terminal terminal)
    {
        var self = new UnpackCommand(terminal);
        var command = new Command("unpack", "Make an environment of a pack.")
        {
            self._pack,
            self._output,
            self._name,
            self._shell,
            self._workers,
            self._noWait,
            self._overrides,
            self._runLinkScripts,
            self._first,
            self._keepByteCode,
            self._base,
        };
        ArgumentRules.NotEmpty(self._output, self._name, self._shell, self._first);
        self._workers.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && result.GetValueOrDefault<int>() is < 1 or > MostWorkers)
            {
                result.AddError($"--workers must be 1 to {MostWorkers}");
            }
        });
        self._expected.AddTo(command);
        self._common.AddTo(command);
        Examples.Add(
            command,
            "packhorse unpack environment.tar",
            "packhorse unpack -o /scratch/me -e hello hello.tar && . /scratch/me/activate.sh",
            "packhorse unpack --base environment-1a2b3c4d.tar environment-5e6f7a8b.tar",
            "curl -s https://example.org/environment.tar | packhorse unpack -"
        );
        command.SetAction((parsed, cancellation) => Task.FromResult(self.Run(parsed, cancellation)));
        return command;
    }

    /// <summary>Makes a command of pixi-unpack's options.</summary>
    public static void AddAsPixiUnpack(Command command, Terminal terminal)
    {
        var self = new UnpackCommand(terminal);
        command.Arguments.Add(self._pack);
        foreach (
            Option option in (Option[])[self._output, self._name, self._shell, self._common.Verbose, self._common.Quiet]
        )
        {
            command.Options.Add(option);
        }
        ArgumentRules.NotEmpty(self._output, self._name, self._shell);
        command.SetAction((parsed, cancellation) => Task.FromResult(self.Run(parsed, cancellation)));
    }

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new IncompatibleException(
                ErrorCodes.UnsupportedHere,
                "unpacking works on Linux only; packing works here too"
            );
        }
        int workers = parsed.GetValue(_workers);
        var request = new UnpackRequest
        {
            OutputDirectory = FileTree.Absolute(parsed.GetValue(_output)!),
            EnvironmentName = parsed.GetValue(_name)!,
            Shells = parsed.GetValue(_shell) is { Length: > 0 } shells
                ? [.. shells.Select(ActivationTarget.Parse)]
                : [new ActivationTarget(ActivationShell.Bash)],
            Here = HostPlatform.Current,
            Machine = (parsed.GetValue(_overrides) ?? []).Aggregate(
                VirtualPackages.Detect(),
                (machine, assignment) => machine.With(assignment)
            ),
            Workers = workers > 0 ? workers : EnvironmentVariables.Threads,
            Wait = !parsed.GetValue(_noWait),
            KeepByteCode = parsed.GetValue(_keepByteCode),
            LinkScripts = parsed.GetValue(_runLinkScripts) ? new LinkScripts(EnvironmentVariables.Texts) : null,
            First = parsed.GetValue(_first) is { } list ? FirstPaths.Read(list) : null,
        };
        request.Check();
        string pack = parsed.GetValue(_pack)!;
        _common.WithReporter(
            parsed,
            _terminal,
            reporter =>
            {
                _expected.Check(parsed, pack, reporter, cancellation);
                return true;
            }
        );
        if (parsed.GetValue(_common.DryRun))
        {
            DryRun(parsed, request, pack, cancellation);
        }
        else
        {
            Report(parsed, Unpack(parsed, request, pack, cancellation));
        }
        return (int)ExitClass.Ok;
    }

    [SupportedOSPlatform("linux")]
    private UnpackResult Unpack(
        ParseResult parsed,
        UnpackRequest request,
        string pack,
        CancellationToken cancellation
    ) =>
        _common.WithReporter(
            parsed,
            _terminal,
            reporter =>
            {
                string? basePath = parsed.GetValue(_base);
                if (pack == "-" || FileTree.KindOf(pack) == FileKind.Other)
                {
                    PackDelta.RefuseBase(basePath, "what comes from a pipe");
                    using Stream input = pack == "-" ? _terminal.OpenInput() : InputPipeStream.Open(pack, cancellation);
                    return StreamUnpacker.Unpack(input, request, reporter, cancellation);
                }
                using ImageFile? image = ImageFile.TryOpen(pack);
                if (image is not null)
                {
                    PackDelta.RefuseBase(basePath, pack);
                    return ImageUnpacker.Unpack(image.Image, request, reporter, cancellation);
                }
                using PackContents contents = PackContents.Open(pack, basePath);
                return Unpacker.Unpack(contents, request, reporter, cancellation);
            }
        );

    [SupportedOSPlatform("linux")]
    private void DryRun(ParseResult parsed, UnpackRequest request, string pack, CancellationToken cancellation)
    {
        if (pack == "-" || FileTree.KindOf(pack) == FileKind.Other)
        {
            throw new UsageException(
                ErrorCodes.BadArguments,
                "--dry-run needs a pack that can be read twice, not a pipe"
            );
        }
        using ImageFile? image = ImageFile.TryOpen(pack);
        if (image is not null)
        {
            PackDelta.RefuseBase(parsed.GetValue(_base), pack);
            new ImageReport(_terminal).DryRun(image, request, asJson: parsed.GetValue(_common.Json));
            return;
        }
        using PackContents contents = PackContents.Open(pack, parsed.GetValue(_base));
        InstallPlan plan = Unpacker.Plan(contents, request, SilentReporter.Instance, cancellation);
        if (parsed.GetValue(_common.Json))
        {
            _terminal.Out.WriteLine(JsonOutput.Write("packhorse/unpack/1", json => WritePlan(json, request, plan)));
            return;
        }
        foreach (PlannedPackage package in plan.Packages)
        {
            long size = package.Paths.Sum(path => path.Source.InstalledSize);
            _terminal.Out.WriteLine(
                $"{ByteSize.Format(size), 12}  {package.Paths.Count, 6} files  {package.Package.Record}"
            );
        }
        foreach (string warning in Warnings(request, plan))
        {
            _terminal.Out.WriteLine($"warning: {warning}");
        }
        _terminal.Out.WriteLine($"{ByteSize.Format(plan.Size), 12}  {plan.FileCount, 6} files  to {request.Prefix}");
    }

    private static IEnumerable<string> Warnings(UnpackRequest request, InstallPlan plan) =>
        request.LinkScripts is null ? plan.Warnings.Concat(plan.ScriptNotes) : plan.Warnings;

    private static void WritePlan(Utf8JsonWriter json, UnpackRequest request, InstallPlan plan)
    {
        json.WriteBoolean("dry_run", true);
        json.WriteString("prefix", request.Prefix);
        json.WriteString("platform", plan.Target.Platform.Subdir);
        json.WriteNumber("size", plan.Size);
        json.WriteNumber("files", plan.FileCount);
        json.WriteStartArray("packages");
        foreach (PlannedPackage package in plan.Packages)
        {
            json.WriteStartObject();
            json.WriteString("name", package.Package.Record.Name);
            json.WriteString("version", package.Package.Record.Version);
            json.WriteString("build", package.Package.Record.Build);
            json.WriteString("url", package.Package.Url);
            json.WriteNumber("size", package.Paths.Sum(path => path.Source.InstalledSize));
            json.WriteNumber("files", package.Paths.Count);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("warnings");
        foreach (string warning in Warnings(request, plan))
        {
            json.WriteStringValue(warning);
        }
        json.WriteEndArray();
    }

    private void Report(ParseResult parsed, UnpackResult result)
    {
        if (parsed.GetValue(_common.Json))
        {
            _terminal.Out.WriteLine(
                JsonOutput.Write(
                    "packhorse/unpack/1",
                    json =>
                    {
                        json.WriteString("prefix", result.Prefix);
                        json.WriteString("activation_script", result.ActivationScripts[0]);
                        json.WriteStartArray("activation_scripts");
                        foreach (string script in result.ActivationScripts)
                        {
                            json.WriteStringValue(script);
                        }
                        json.WriteEndArray();
                        json.WriteNumber("packages", result.Packages);
                        json.WriteNumber("unchanged", result.Unchanged);
                        json.WriteNumber("unverified", result.Unverified);
                    }
                )
            );
        }
        if (result.Unverified > 0)
        {
            _terminal.Error.WriteLine(
                $"warning: the pack has no digest of {result.Unverified} package(s): nothing vouches for their content"
            );
        }
        if (_common.Verbosity(parsed) != Verbosity.Quiet)
        {
            string kept =
                result.Unchanged > 0 ? $" ({result.Unchanged} of {result.Packages} packages were there already)" : "";
            _terminal.Error.WriteLine($"Finished unpacking to {result.Prefix}{kept}");
            _terminal.Error.WriteLine($"Activate it with: {ActivationScript.Command(result.ActivationScripts[0])}");
        }
    }
}
