using System.CommandLine;
using System.Text;
using Packhorse.Condor;
using Packhorse.Condor.Checks;
using Packhorse.Condor.Init;
using Packhorse.Condor.Submit;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Output;
using Packhorse.Publish;

namespace Packhorse.Commands;

/// <summary><c>packhorse condor submit</c> and <c>packhorse condor interact</c>: check, publish what has to be, and become condor_submit.</summary>
internal sealed class CondorSubmitCommands
{
    private const string Program = "condor_submit";

    private readonly Argument<string> _file = ArgumentRules.Path("FILE", "A submit file.", defaultValue: null);

    private readonly Argument<string[]> _rest = new("ARGUMENTS")
    {
        Description = "What condor_submit gets besides, behind --.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<bool> _noCheck = new("--no-check") { Description = "Submit in spite of what is found." };
    private readonly CommonOptions _common = new();
    private readonly Terminal _terminal;
    private readonly bool _isInteractive;

    private CondorSubmitCommands(Terminal terminal, bool isInteractive)
    {
        _terminal = terminal;
        _isInteractive = isInteractive;
    }

    public static Command BuildSubmit(Terminal terminal) =>
        Build(
            new CondorSubmitCommands(terminal, isInteractive: false),
            "submit",
            "Check a submit file, publish its environment when that has not been done, and hand it to condor_submit.",
            ["packhorse condor submit train.sub", "packhorse condor submit train.sub -- -batch-name first"]
        );

    public static Command BuildInteract(Terminal terminal) =>
        Build(
            new CondorSubmitCommands(terminal, isInteractive: true),
            "interact",
            "The same for an interactive session: one job, with the files and requests of the others.",
            ["packhorse condor interact train.sub"]
        );

    private static Command Build(CondorSubmitCommands self, string name, string description, string[] examples)
    {
        var command = new Command(name, description)
        {
            self._file,
            self._rest,
            self._noCheck,
            self._common.DryRun,
            self._common.Quiet,
            self._common.Verbose,
        };
        Examples.Add(command, examples);
        command.SetAction(self.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        SubmitFile file = SubmitFile.Read(parsed.GetValue(_file)!);
        var tools = new CondorTools(EnvironmentVariables.SearchPath, EnvironmentVariables.ByName);
        // Files of ours say by a macro how many jobs a session is; of others the check tells.
        var options = new CheckOptions { IsInteractive = _isInteractive, AskPool = tools.CountSlots };
        if (!parsed.GetValue(_noCheck) && HasErrors(file, options))
        {
            _terminal.Error.WriteLine("nothing was submitted; --no-check submits in spite of this");
            return (int)ExitClass.FindingsFound;
        }
        bool dryRun = parsed.GetValue(_common.DryRun);
        if (PublicationNote.Find(file) is { } note)
        {
            await PublishAsync(parsed, note, file, cancellation).ConfigureAwait(false);
        }
        string[] interactive = _isInteractive ? [.. JobFiles.InteractiveArguments] : [];
        var call = new CondorCall(Program, [.. interactive, .. parsed.GetValue(_rest) ?? [], file.Where]);
        if (dryRun)
        {
            _terminal.Out.WriteLine(call.ToString());
            return (int)ExitClass.Ok;
        }
        return Become(tools.Require(Program), call);
    }

    private bool HasErrors(SubmitFile file, CheckOptions options)
    {
        IReadOnlyList<Finding> findings = SubmitChecker.Check(file, options);
        if (findings.Count > 0)
        {
            CondorCheckCommand.Print(_terminal.Error, findings);
        }
        return findings.Any(finding => finding.Severity == Severity.Error);
    }

    private async Task PublishAsync(
        ParseResult parsed,
        PublicationNote note,
        SubmitFile file,
        CancellationToken cancellation
    )
    {
        string home = Path.GetDirectoryName(FileTree.Absolute(file.Where))!;
        string path = Path.Combine(home, note.File);
        bool dryRun = parsed.GetValue(_common.DryRun);
        await using var destination = new DirectoryDestination(
            Path.Combine(home, note.Directory),
            Random.Shared.NextDouble
        );
        Publication publication = await _common
            .WithReporterAsync(
                parsed,
                _terminal,
                reporter => Publisher.PublishAsync(path, null, destination, dryRun, reporter, cancellation)
            )
            .ConfigureAwait(false);
        if (!file.Text.Contains(publication.Name, StringComparison.Ordinal))
        {
            throw new UsageException(
                ErrorCodes.BadArguments,
                $"{EntryPath.Quote(note.File)} is {publication.Name} where it is published, and {EntryPath.Quote(file.Where)} transfers another file"
            )
            {
                Hint = "the environment was made anew: packhorse condor init again",
            };
        }
        _terminal.Error.WriteLine(
            publication.Kind switch
            {
                PublicationKind.AlreadyThere => $"{publication.Name} is published already",
                PublicationKind.Published => $"published {destination.Location(publication.Name)}",
                _ => $"{destination.Location(publication.Name)} would be published",
            }
        );
    }

    // Its exit code, its terminal and its signals are condor_submit's own.
    private int Become(string program, CondorCall call)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new IncompatibleException(ErrorCodes.UnsupportedHere, "jobs can be submitted on Linux only");
        }
        _terminal.Interruption.StopListening();
        _terminal.Out.Flush();
        _terminal.Error.Flush();
        ProcessImage.Replace(
            program,
            [.. call.Arguments.Prepend(call.Program).Select(Encoding.UTF8.GetBytes)],
            [.. ProcessImage.InitialEnvironment() ?? [.. EnvironmentVariables.All]]
        );
        return (int)ExitClass.Other;
    }
}
