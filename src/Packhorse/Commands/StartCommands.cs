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

    private readonly Argument<string> _pack = ArgumentRules.Path(
        "PACK",
        "A pack: a tar, a self-extracting file (pixi-pack's too) or a directory.",
        defaultValue: null
    );

    private readonly Argument<string[]> _command = new("CMD")
    {
        Description = "The command and its arguments, passed on as they are; -- before it is left out.",
        Arity = ArgumentArity.OneOrMore,
        CaptureRemainingTokens = true,
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
        Examples.Add(
            command,
            "packhorse run environment.sh -- python train.py --epochs 3",
            "packhorse run --into /scratch/me environment.tar python -m pip list"
        );
        command.SetAction(
            (parsed, cancellation) => Task.FromResult(self.Start(parsed, parsed.GetValue(self._command), cancellation))
        );
        return command;
    }

    public static Command BuildShell(Terminal terminal)
    {
        var self = new StartCommands(terminal);
        Command command = self.Build(
            Shell,
            "Start an interactive shell in the environment of a pack: unpacked once into scratch space, then active."
        );
        Examples.Add(command, "packhorse shell environment.sh");
        command.SetAction((parsed, cancellation) => Task.FromResult(self.Start(parsed, command: null, cancellation)));
        return command;
    }

    private Command Build(string name, string description)
    {
        ArgumentRules.NotEmpty(_into);
        return new Command(name, description) { _pack, _into, _start, _writable, _common.Quiet, _common.Verbose };
    }

    /// <param name="command">Null: a shell.</param>
    private int Start(ParseResult parsed, string[]? command, CancellationToken cancellation)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new IncompatibleException(ErrorCodes.UnsupportedHere, "environments can be started on Linux only");
        }
        IReadyEnvironment environment = Provide(parsed, cancellation);
        // From here on signals are the command's: ours would hide from it what its caller ignores.
        _terminal.Interruption.StopListening();
        return command is null ? environment.Shell() : environment.Run(RawArguments.Of(command), Tell);
    }

    [SupportedOSPlatform("linux")]
    private IReadyEnvironment Provide(ParseResult parsed, CancellationToken cancellation)
    {
        var request = new StartRequest
        {
            Pack = parsed.GetValue(_pack)!,
            Into = parsed.GetValue(_into),
            Scratch = [EnvironmentVariables.CondorScratchDirectory, EnvironmentVariables.TemporaryDirectory],
            Here = HostPlatform.Current,
            Workers = Environment.ProcessorCount,
            Policy = parsed.GetValue(_start) is { } start
                ? StartPolicy.Parse(start, _start.Name)
                : StartPolicy.Parse(EnvironmentVariables.Start, EnvironmentVariables.StartName),
            Job = EnvironmentVariables.CondorScratchDirectory,
            IsWritable = parsed.GetValue(_writable),
            Tell = parsed.GetValue(_common.Quiet) ? _ => { } : Tell,
            Variables = new ProcessEnvironment(ProcessImage.InitialEnvironment() ?? EnvironmentVariables.All),
        };
        // What is started owns the output: nothing is said unless it is asked for.
        Verbosity verbosity = parsed.GetValue(_common.Verbose) ? Verbosity.Verbose : Verbosity.Quiet;
        var reporter = new PlainReporter(_terminal.Error, verbosity, TimeProvider.System);
        return EnvironmentProvider.Provide(request, reporter, cancellation);
    }

    private void Tell(string message) => _terminal.Error.WriteLine($"packhorse: {Printable.Text(message)}");
}
