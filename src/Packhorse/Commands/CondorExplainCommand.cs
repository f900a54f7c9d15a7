using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Packhorse.Condor;
using Packhorse.Condor.Explain;
using Packhorse.Condor.Submit;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Output;

namespace Packhorse.Commands;

/// <summary><c>packhorse condor explain</c>.</summary>
internal sealed partial class CondorExplainCommand
{
    private readonly Argument<string> _what = ArgumentRules.Path(
        "JOB|LOG|ADFILE",
        "A job's number, the log of a submit file, or a file with what condor_q -long prints.",
        defaultValue: null
    );

    private readonly Option<bool> _json = new("--json") { Description = "Print it as JSON." };
    private readonly Terminal _terminal;

    private CondorExplainCommand(Terminal terminal) => _terminal = terminal;

    public static Command Build(Terminal terminal)
    {
        var self = new CondorExplainCommand(terminal);
        var command = new Command(
            "explain",
            "Say in words what became of jobs: why they are held, what they used and asked for, which line to change."
        )
        {
            self._what,
            self._json,
        };
        Examples.Add(command, "packhorse condor explain train.log", "packhorse condor explain 1234.0");
        command.SetAction(self.Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        string what = parsed.GetValue(_what)!;
        IReadOnlyList<JobRecord> jobs = Find(what);
        SubmitFile? beside = TryReadSubmitFile(Path.ChangeExtension(what, ".sub"));
        Explanation[] all = [.. jobs.Select(Explanation.Of)];
        if (parsed.GetValue(_json))
        {
            _terminal.Out.WriteLine(JsonOutput.Write("packhorse/condor-explain/1", json => Write(json, all)));
            return (int)ExitClass.Ok;
        }
        foreach (Explanation explanation in all)
        {
            SubmitFile? file = explanation.Job.SubmitFile is { } path ? TryReadSubmitFile(path) : beside;
            Print(explanation, file);
        }
        return (int)ExitClass.Ok;
    }

    private static IReadOnlyList<JobRecord> Find(string what)
    {
        if (FileTree.Exists(what))
        {
            string text = System.Text.Encoding.UTF8.GetString(InputFile.ReadAllBytes(what, Limits.TextBytes));
            return EventLog.IsOne(text)
                ? JobRecord.OfEvents(EventLog.Parse(text))
                : [.. JobAd.ParseAll(text, what).Select(JobRecord.OfAd)];
        }
        if (!JobNumber().IsMatch(what))
        {
            throw new NotFoundException(ErrorCodes.FileNotFound, $"there is no file {EntryPath.Quote(what)}")
            {
                Hint = "give a log, a file with an ad, or a job's number as in 1234.0",
            };
        }
        var tools = new CondorTools(EnvironmentVariables.SearchPath, EnvironmentVariables.ByName);
        tools.Require("condor_q");
        foreach (
            CondorCall call in (CondorCall[])
                [new("condor_q", ["-long", what]), new("condor_history", ["-long", "-limit", "1000", what])]
        )
        {
            if (
                tools.Ask(call) is { ExitCode: 0 } answer
                && answer.Output.Contains("ClusterId", StringComparison.Ordinal)
            )
            {
                return [.. JobAd.ParseAll(answer.Output, call.ToString()).Select(JobRecord.OfAd)];
            }
        }
        throw new NotFoundException(
            ErrorCodes.FileNotFound,
            $"there is no job {what}, neither in the queue nor in the history"
        )
        {
            Hint = "its log tells too: packhorse condor explain FILE.log",
        };
    }

    private void Print(Explanation explanation, SubmitFile? file)
    {
        JobRecord job = explanation.Job;
        Say($"{job.Job}: {explanation.What}");
        if (job.Standing == JobStanding.Held && job.HoldCode is { } code)
        {
            Say($"    code {code}, subcode {job.HoldSubcode ?? 0}: {job.HoldReason}");
        }
        if (job.MemoryUsed is { } memory)
        {
            Say($"    memory: {memory} MB used{(job.MemoryAsked is { } asked ? Text($", {asked} MB asked for") : "")}");
        }
        if (job.DiskUsed is { } disk)
        {
            string asked = job.DiskAsked is { } kibibytes ? Text($", {kibibytes / 1024.0:0.#} MB asked for") : "";
            Say($"    disk: {Text($"{disk / 1024.0:0.#}")} MB used{asked}");
        }
        if (explanation.Change is { } change)
        {
            string line =
                file is not null && explanation.LineIn(file) is { } number ? Text($" ({file.Where}:{number})") : "";
            Say($"    {change}{line}");
        }
    }

    private void Say(string line) => _terminal.Out.WriteLine(Printable.Text(line));

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static SubmitFile? TryReadSubmitFile(string path)
    {
        try
        {
            return FileTree.KindOf(path) == FileKind.File ? SubmitFile.Read(path) : null;
        }
        catch (PackhorseException)
        {
            // It only serves to name a line.
            return null;
        }
    }

    private static void Write(Utf8JsonWriter json, Explanation[] all)
    {
        json.WriteStartArray("jobs");
        foreach (Explanation explanation in all)
        {
            JobRecord job = explanation.Job;
            json.WriteStartObject();
            json.WriteString("job", job.Job);
            json.WriteString("state", job.Standing.ToString().ToLowerInvariant());
            json.WriteString("what", explanation.What);
            json.WriteString("reason", job.HoldReason);
            Number(json, "hold_code", job.HoldCode);
            Number(json, "hold_subcode", job.HoldSubcode);
            Number(json, "exit_code", job.ExitCode);
            Number(json, "signal", job.Signal);
            Number(json, "memory_used_mb", job.MemoryUsed);
            Number(json, "memory_asked_mb", job.MemoryAsked);
            Number(json, "disk_used_kib", job.DiskUsed);
            Number(json, "disk_asked_kib", job.DiskAsked);
            json.WriteString("change", explanation.Change);
            json.WriteString("command", explanation.Command);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Number(Utf8JsonWriter json, string name, long? number)
    {
        if (number is { } known)
        {
            json.WriteNumber(name, known);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    [GeneratedRegex(@"\A\d{1,12}(\.\d{1,9})?\z")]
    private static partial Regex JobNumber();
}
