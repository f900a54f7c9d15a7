using System.CommandLine;
using System.CommandLine.Parsing;
using Packhorse.Condor;
using Packhorse.Condor.Init;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Output;
using Packhorse.Publish;

namespace Packhorse.Commands;

/// <summary><c>packhorse condor init</c>.</summary>
internal sealed class CondorInitCommand
{
    private readonly Argument<string[]> _arguments = new("[ENVFILE|URL] -- CMD")
    {
        Description =
            "A self-extracting environment, or the URL of one, which is fetched unless a copy is here [default: environment.sh]; then -- and the command of each job. Files among its arguments are transferred.",
        Arity = ArgumentArity.OneOrMore,
        CaptureRemainingTokens = true,
    };

    private readonly Option<string?> _name = Text(
        "--name",
        "NAME",
        "What the files are called. [default: the name of this directory]"
    );
    private readonly Option<string[]> _inputs = List(
        "--input",
        "FILE",
        "A further input: a file, a directory or a URL."
    );
    private readonly Option<string[]> _outputs = List(
        "--output",
        "FILE",
        "A file or directory that the command writes and that comes back."
    );
    private readonly Option<string[]> _checkpoints = List(
        "--checkpoint",
        "FILE",
        "What the command needs to go on after an eviction; it ends with 85 when it has written it."
    );
    private readonly Option<string> _start = new("--start")
    {
        Description =
            "mount: ask for the disk that a mounted environment takes, and for more when a node cannot mount; any: ask for both at once.",
        DefaultValueFactory = _ => "mount",
        HelpName = "WAY",
    };

    private readonly Option<string?> _verify = Text(
        "--verify",
        "WHEN",
        "first: compare all of an image with its digests before the command starts; reading: compare what the command reads. [default: first where it comes by a URL]"
    );
    private readonly Option<int?> _gpus = new("--gpus")
    {
        Description = "GPUs of each job. [default: 1 where the environment has CUDA in it]",
        HelpName = "N",
    };
    private readonly Option<int> _cpus = new("--cpus")
    {
        Description = "Processors of each job.",
        HelpName = "N",
        DefaultValueFactory = _ => 1,
    };
    private readonly Option<string?> _memory = Text(
        "--memory",
        "SIZE",
        "Memory of each job, as in '4 GB'. [default: a guess]"
    );
    private readonly Option<int> _written = new("--output-mb")
    {
        Description = "MB that each job writes.",
        HelpName = "N",
        DefaultValueFactory = _ => 1024,
    };
    private readonly Option<int> _jobs = new("--jobs")
    {
        Description = "How many jobs.",
        HelpName = "N",
        DefaultValueFactory = _ => 1,
    };
    private readonly Option<bool> _common = new("--common-files")
    {
        Description =
            "Transfer the environment once for all jobs on a node: needs HTCondor 25 on this machine and on the nodes, which are asked.",
    };
    private readonly Option<bool> _force = new("--force") { Description = "Replace files that were changed by hand." };
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Print the files and write none." };
    private readonly ArchiveOptions _archive = new();
    private readonly CommonOptions _shown = new();
    private readonly Terminal _terminal;

    private CondorInitCommand(Terminal terminal)
    {
        _terminal = terminal;
        _start.AcceptOnlyFromAmong("mount", "any");
        _verify.AcceptOnlyFromAmong("first", "reading");
        foreach (Option<int> option in (Option<int>[])[_cpus, _written, _jobs])
        {
            option.Validators.Add(result =>
            {
                if (result.GetValueOrDefault<int>() < 1)
                {
                    result.AddError($"{option.Name} must be at least 1");
                }
            });
        }
    }

    public static Command Build(Terminal terminal)
    {
        var self = new CondorInitCommand(terminal);
        var command = new Command(
            "init",
            "Write the files of jobs that run a command in an environment: submit file, script, and what submits it."
        )
        {
            self._arguments,
        };
        foreach (
            Option option in (Option[])
                [
                    self._name,
                    self._inputs,
                    self._outputs,
                    self._checkpoints,
                    self._start,
                    self._verify,
                    self._gpus,
                    self._cpus,
                    self._memory,
                    self._written,
                    self._jobs,
                    self._common,
                    self._force,
                    self._dryRun,
                ]
        )
        {
            command.Options.Add(option);
        }
        self._archive.AddTo(command);
        command.Options.Add(self._shown.Json);
        command.Options.Add(self._shown.Quiet);
        Examples.Add(
            command,
            "packhorse condor init -- python train.py --epochs 3",
            "packhorse condor init --output model.pt --to $STAGING/envs environment.sh -- python src/train.py",
            "packhorse condor init --jobs 100 osdf:///chtc/staging/a/alice/envs/gpu-3f1c09ab.sh -- python train.py"
        );
        command.SetAction(self.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        JobRequest request = await RequestAsync(parsed, cancellation).ConfigureAwait(false);
        IReadOnlyList<JobFile> files = JobFiles.Plan(request);
        if (parsed.GetValue(_dryRun))
        {
            foreach (JobFile file in files)
            {
                _terminal.Out.WriteLine($"==> {file.Name}");
                _terminal.Out.WriteLine(Printable.Text(file.Text));
            }
            return (int)ExitClass.Ok;
        }
        string directory = FileTree.CurrentDirectory;
        var states = files.Select(file => (File: file, State: file.StateIn(directory))).ToArray();
        string[] changed = [.. states.Where(item => item.State == JobFileState.Changed).Select(item => item.File.Name)];
        if (changed.Length > 0 && !parsed.GetValue(_force))
        {
            throw new UsageException(
                ErrorCodes.OutputInTheWay,
                $"{string.Join(", ", changed)}: there, and not as packhorse wrote it; nothing was written"
            )
            {
                Hint = "--dry-run shows the new files, --force replaces yours, --name gives others",
            };
        }
        foreach ((JobFile file, JobFileState state) in states)
        {
            if (state != JobFileState.Same)
            {
                file.Write(directory);
            }
        }
        Report(states, parsed.GetValue(_shown.Json), request.Name);
        return (int)ExitClass.Ok;
    }

    private void Report((JobFile File, JobFileState State)[] states, bool asJson, string name)
    {
        if (!asJson)
        {
            foreach ((JobFile file, JobFileState state) in states)
            {
                _terminal.Out.WriteLine($"{file.Name}{(state == JobFileState.Same ? " (as it was)" : "")}");
            }
            _terminal.Error.WriteLine(
                $"next: packhorse condor submit {name}.sub, or ./submit.sh; {name}.README.md says more"
            );
            return;
        }
        _terminal.Out.WriteLine(
            JsonOutput.Write(
                "packhorse/condor-init/1",
                json =>
                {
                    json.WriteStartArray("files");
                    foreach ((JobFile file, JobFileState state) in states)
                    {
                        json.WriteStartObject();
                        json.WriteString("name", file.Name);
                        json.WriteBoolean("written", state != JobFileState.Same);
                        json.WriteEndObject();
                    }
                    json.WriteEndArray();
                }
            )
        );
    }

    private async Task<JobRequest> RequestAsync(ParseResult parsed, CancellationToken cancellation)
    {
        (string archive, string[] command) = Split(parsed);
        string name = JobName(parsed);
        string? to = _archive.Destination(parsed);
        SiteProfile site = _archive.Site(parsed, archive);
        JobArchive found = await _shown
            .WithReporterAsync(
                parsed,
                _terminal,
                reporter =>
                    _archive.FindAsync(
                        parsed,
                        _terminal,
                        archive,
                        mayFetch: !parsed.GetValue(_dryRun),
                        reporter,
                        cancellation
                    )
            )
            .ConfigureAwait(false);
        var inputs = JobInputs.Of(command, parsed.GetValue(_inputs) ?? []);
        if (parsed.GetValue(_common))
        {
            RequireCommonFiles();
        }
        return new JobRequest
        {
            Name = name,
            Archive = found.Input,
            ArchiveName = found.Name,
            Facts = found.Facts,
            FooterSha256 = found.FooterSha256,
            Command = inputs.Command,
            Inputs = inputs.Files,
            InputBytes = inputs.Bytes,
            Outputs = parsed.GetValue(_outputs) ?? [],
            Checkpoints = parsed.GetValue(_checkpoints) ?? [],
            Start = parsed.GetValue(_start) == "any" ? JobStart.Any : JobStart.Mount,
            VerifiesFirst = parsed.GetValue(_verify) is { } when ? when == "first" : null,
            Gpus = parsed.GetValue(_gpus),
            Cpus = parsed.GetValue(_cpus),
            Memory = parsed.GetValue(_memory),
            OutputBytes = (long)parsed.GetValue(_written) << 20,
            Jobs = parsed.GetValue(_jobs),
            IsCommon = parsed.GetValue(_common),
            Site = site,
            SiteLines = found.SubmitLines,
            SiteRequirements = found.Requirements,
            Publication = to is null ? null : new PublicationNote(archive, to),
        };
    }

    // Everything behind the first -- is the command's.
    private (string Archive, string[] Command) Split(ParseResult parsed)
    {
        string[] all = parsed.GetValue(_arguments) ?? [];
        int behind = parsed.Tokens.SkipWhile(token => token.Type != TokenType.DoubleDash).Skip(1).Count();
        string[] before = [.. all.Take(all.Length - behind).Where(argument => argument != "--")];
        if (behind == 0 || before.Length > 1)
        {
            throw new UsageException(
                ErrorCodes.BadArguments,
                behind == 0 ? "there is no command" : $"unexpected argument {EntryPath.Quote(before[1])}"
            )
            {
                Hint =
                    "options come first, then the environment, then -- and the command: packhorse condor init environment.sh -- python train.py",
            };
        }
        return (before is [var archive] ? archive : "environment.sh", all[^behind..]);
    }

    private string JobName(ParseResult parsed)
    {
        string name = parsed.GetValue(_name) ?? Path.GetFileName(FileTree.CurrentDirectory);
        string plain = string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' ? c : '_'))
            .TrimStart('.', '-');
        return plain.Length == 0 ? "job"
            : parsed.GetValue(_name) is null || plain == name ? plain
            : throw new UsageException(
                ErrorCodes.BadArguments,
                $"--name {EntryPath.Quote(name)}: letters, digits, '_', '-' and '.' may be in it"
            );
    }

    private static void RequireCommonFiles()
    {
        var tools = new CondorTools(EnvironmentVariables.SearchPath, EnvironmentVariables.ByName);
        tools.Require("condor_version");
        (int Major, int Minor)? version = tools.Version();
        bool nodes = tools.CountSlots("HasCommonFilesTransfer >= 1") is (> 0, _);
        if (version is not { Major: >= 25 } || !nodes)
        {
            string mine = version is var (major, minor) ? $"{major}.{minor}" : "unknown";
            throw new IncompatibleException(
                ErrorCodes.UnsupportedHere,
                $"common input files need HTCondor 25 here and on the nodes: here it is {mine}, {(nodes ? "the nodes have them" : "no node says that it has them")}"
            )
            {
                Hint = "leave out --common-files: each job then transfers the environment",
            };
        }
    }

    private static Option<string?> Text(string name, string value, string description)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = value };
        ArgumentRules.NotEmpty(option);
        return option;
    }

    private static Option<string[]> List(string name, string value, string description)
    {
        var option = new Option<string[]>(name)
        {
            Description = description,
            HelpName = value,
            Arity = ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = false,
        };
        ArgumentRules.NotEmpty(option);
        return option;
    }
}
