using System.CommandLine;
using System.Runtime.Versioning;
using Packhorse.Model;
using Packhorse.Mount;
using Packhorse.Os;
using Packhorse.Output;
using Packhorse.Run;

namespace Packhorse.Commands;

/// <summary><c>packhorse run</c> and <c>packhorse shell</c>: what <c>run</c> and <c>shell</c> of a self-extracting file do, with any pack.</summary>
internal sealed class StartCommands
{
    public const string Run = "run";
    public const string Shell = "shell";
    public const string Mount = "mount";
    public const string Record = "record";
    public const string Enter = "enter";

    /// <summary>What starts something: exit codes of ours are not the command's then.</summary>
    public static IReadOnlyList<string> All { get; } = [Run, Shell, Mount, Record, Enter];

    private readonly Argument<string> _pack = ArgumentRules.Path(
        "PACK",
        "A pack: a tar, a self-extracting file (pixi-pack's too) or a directory.",
        defaultValue: null
    );

    private readonly Argument<string[]> _command = new("CMD")
    {
        Description = "The command and its arguments, passed on as they are; -- before it is left out.",
        Arity = ArgumentArity.ZeroOrMore,
        CaptureRemainingTokens = true,
    };

    private readonly Argument<string> _directory = ArgumentRules.Path(
        "DIR",
        "An empty directory, as which the environment appears.",
        defaultValue: null
    );

    private readonly Option<string?> _record = new("--output", "-o")
    {
        Description = "Where the record goes. [default: IMAGE.record.json]",
        HelpName = "FILE",
    };

    private readonly Option<bool> _explain = new("--explain")
    {
        Description =
            "Start nothing; print for each way to start in an image whether it is possible here, and why not.",
    };

    private readonly Option<string?> _into = new("--into")
    {
        Description = "Directory for unpacked environments. [default: $_CONDOR_SCRATCH_DIR, $TMPDIR or /tmp]",
        HelpName = "DIR",
    };

    private readonly Option<string?> _start = new("--start")
    {
        Description =
            "Ways to start in an image: auto, mount (never unpack), or some of join, namespace, fusermount and unpack; -NAME leaves one out. [default: $PACKHORSE_START or auto]",
        HelpName = "WAYS",
    };

    private readonly Option<bool> _writable = new("--writable")
    {
        Description = "The environment of an image can be changed; what is changed goes into scratch space.",
    };

    private readonly Option<string[]> _overrides = new("--override-virtual")
    {
        Description =
            "What this machine has, in place of what is found, such as __glibc=2.28; without a version it is not looked at. Repeatable.",
        HelpName = "NAME=V",
    };

    private readonly Option<string?> _base = BaseOption.Create();
    private readonly ExpectOptions _expected = new();
    private readonly CommonOptions _common = new();
    private readonly Terminal _terminal;

    private StartCommands(Terminal terminal) => _terminal = terminal;

    public static Command BuildRun(Terminal terminal)
    {
        var self = new StartCommands(terminal);
        Command command = self.Build(
            Run,
            "Start a command in the environment of a pack: unpacked once into scratch space, then active."
        );
        command.Arguments.Add(self._command);
        command.Options.Add(self._explain);
        command.Options.Add(self._base);
        self.RequireCommand(command);
        Examples.Add(
            command,
            "packhorse run environment.sh -- python train.py --epochs 3",
            "packhorse run --into /scratch/me environment.tar python -m pip list",
            "packhorse run --base environment-1a2b3c4d.sh environment-5e6f7a8b.sh -- python train.py"
        );
        command.SetAction(
            (parsed, cancellation) =>
                Task.FromResult(
                    parsed.GetValue(self._explain)
                        ? self.Explain(parsed)
                        : self.Start(parsed, request => request, cancellation)
                )
        );
        return command;
    }

    public static Command BuildMount(Terminal terminal)
    {
        var self = new StartCommands(terminal);
        Command command = self.Build(
            Mount,
            "Start a command, or a shell, in the environment of an image mounted at a directory, for that command alone."
        );
        command.Arguments.Add(self._directory);
        command.Arguments.Add(self._command);
        Examples.Add(command, "packhorse mount environment.sqfs ./env -- ./env/bin/python train.py");
        command.SetAction(
            (parsed, cancellation) =>
                Task.FromResult(
                    self.Start(parsed, request => request.At(parsed.GetValue(self._directory)!), cancellation)
                )
        );
        return command;
    }

    public static Command BuildRecord(Terminal terminal)
    {
        var self = new StartCommands(terminal);
        Command command = self.Build(
            Record,
            "Start a command in a mounted image, and note what it reads of it: for pack --record-from, so that it starts sooner."
        );
        command.Arguments.Add(self._command);
        command.Options.Add(self._record);
        self.RequireCommand(command);
        Examples.Add(command, "packhorse record -o torch.json environment.sqfs -- python -c 'import torch'");
        command.SetAction(
            (parsed, cancellation) =>
            {
                string output =
                    parsed.GetValue(self._record) ?? Path.GetFileName(parsed.GetValue(self._pack)) + ".record.json";
                return Task.FromResult(self.Start(parsed, request => request.Recording(output), cancellation));
            }
        );
        return command;
    }

    public static Command BuildEnter(Terminal terminal)
    {
        var self = new StartCommands(terminal);
        var name = new Option<string?>("--name", "-n")
        {
            Description =
                "The environment's name, or the begin of the last part of its prefix, where several are mounted.",
            HelpName = "NAME",
        };
        var command = new Command(
            Enter,
            "Start a command, or a shell, in the environment that another process of this user has mounted."
        )
        {
            self._into,
            name,
            self._command,
        };
        Examples.Add(command, "packhorse enter", "packhorse enter -- python -m pip list");
        command.SetAction((parsed, _) => Task.FromResult(self.EnterRunning(parsed, parsed.GetValue(name))));
        return command;
    }

    public static Command BuildShell(Terminal terminal)
    {
        var self = new StartCommands(terminal);
        Command command = self.Build(
            Shell,
            "Start an interactive shell in the environment of a pack: unpacked once into scratch space, then active."
        );
        command.Options.Add(self._base);
        Examples.Add(command, "packhorse shell environment.sh");
        command.SetAction(
            (parsed, cancellation) => Task.FromResult(self.Start(parsed, request => request, cancellation))
        );
        return command;
    }

    private Command Build(string name, string description)
    {
        ArgumentRules.NotEmpty(_into);
        var command = new Command(name, description) { _pack, _into, _start, _writable, _overrides };
        _expected.AddTo(command);
        command.Options.Add(_common.Quiet);
        command.Options.Add(_common.Verbose);
        return command;
    }

    private void RequireCommand(Command command) =>
        command.Validators.Add(result =>
        {
            if (result.GetValue(_command) is null or [] && !result.GetValue(_explain))
            {
                result.AddError($"Required argument missing for command: '{command.Name}'.");
            }
        });

    // Without a command a shell is started.
    private int Start(ParseResult parsed, Func<StartRequest, StartRequest> change, CancellationToken cancellation)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw OnlyOnLinux();
        }
        // What is started owns the output: nothing is said unless it is asked for.
        Verbosity verbosity = parsed.GetValue(_common.Verbose) ? Verbosity.Verbose : Verbosity.Quiet;
        var reporter = new PlainReporter(_terminal.Error, verbosity, TimeProvider.System);
        StartRequest request = change(Request(parsed));
        _expected.Check(parsed, request.Pack, reporter, cancellation);
        IReadyEnvironment environment = EnvironmentProvider.Provide(request, reporter, cancellation);
        return Start(environment, request.Command);
    }

    private int EnterRunning(ParseResult parsed, string? name)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw OnlyOnLinux();
        }
        IReadyEnvironment environment = EnvironmentProvider.Enter(parsed.GetValue(_into), Scratch, name, Variables());
        return Start(environment, parsed.GetValue(_command) ?? []);
    }

    private int Explain(ParseResult parsed)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw OnlyOnLinux();
        }
        foreach (string line in EnvironmentProvider.Explain(Request(parsed), SilentReporter.Instance))
        {
            _terminal.Out.WriteLine(line);
        }
        return (int)ExitClass.Ok;
    }

    [SupportedOSPlatform("linux")]
    private int Start(IReadyEnvironment environment, IReadOnlyList<string> command)
    {
        // From here on signals are the command's: ours would hide from it what its caller ignores.
        _terminal.Interruption.StopListening();
        return command.Count == 0 ? environment.Shell() : environment.Run(RawArguments.Of(command), Tell);
    }

    private static string?[] Scratch =>
        [EnvironmentVariables.CondorScratchDirectory, EnvironmentVariables.TemporaryDirectory];

    [SupportedOSPlatform("linux")]
    private StartRequest Request(ParseResult parsed) =>
        new()
        {
            Pack = parsed.GetValue(_pack)!,
            Base = parsed.GetValue(_base),
            Into = parsed.GetValue(_into),
            Scratch = Scratch,
            Here = HostPlatform.Current,
            Workers = EnvironmentVariables.Threads,
            VirtualOverrides = parsed.GetValue(_overrides) ?? [],
            Policy = parsed.GetValue(_start) is { } start
                ? StartPolicy.Parse(start, _start.Name)
                : StartPolicy.Parse(EnvironmentVariables.Start, EnvironmentVariables.StartName),
            Job = EnvironmentVariables.CondorScratchDirectory,
            IsWritable = parsed.GetValue(_writable),
            Command = parsed.GetValue(_command) ?? [],
            Tell = parsed.GetValue(_common.Quiet) ? _ => { } : Tell,
            Variables = Variables(),
        };

    [SupportedOSPlatform("linux")]
    private static ProcessEnvironment Variables() => new(ProcessImage.InitialEnvironment() ?? EnvironmentVariables.All);

    private static IncompatibleException OnlyOnLinux() =>
        new(ErrorCodes.UnsupportedHere, "environments can be started on Linux only");

    private void Tell(string message) => _terminal.Error.WriteLine($"packhorse: {Printable.Text(message)}");
}
