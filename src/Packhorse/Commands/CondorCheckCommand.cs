using System.CommandLine;
using System.Text.Json;
using Packhorse.Condor;
using Packhorse.Condor.Checks;
using Packhorse.Condor.Submit;
using Packhorse.Model;
using Packhorse.Output;

namespace Packhorse.Commands;

/// <summary><c>packhorse condor check</c>.</summary>
internal sealed class CondorCheckCommand
{
    private readonly Argument<string> _file = ArgumentRules.Path(
        "FILE",
        "A submit file, written by anybody.",
        defaultValue: null
    );

    private readonly Option<bool> _json = new("--json") { Description = "Print the findings as JSON." };

    private readonly Option<bool> _diff = new("--diff")
    {
        Description = "Print the whole file with the changes that need no answer, as a diff that patch takes.",
    };

    private readonly Option<bool> _interactive = new("--interactive")
    {
        Description = "The file is meant for condor_submit -interactive.",
    };

    private readonly Option<bool> _noPool = new("--no-pool")
    {
        Description = "Do not ask the pool which machines fit, where there is one.",
    };

    private readonly Terminal _terminal;

    private CondorCheckCommand(Terminal terminal) => _terminal = terminal;

    public static Command Build(Terminal terminal)
    {
        var self = new CondorCheckCommand(terminal);
        var command = new Command(
            "check",
            "Find what a submit file, and the script that it runs, say and do not do. Nothing of them is executed; ends with 8 when there are errors."
        )
        {
            self._file,
            self._json,
            self._diff,
            self._interactive,
            self._noPool,
        };
        Examples.Add(
            command,
            "packhorse condor check job.sub",
            "packhorse condor check --diff job.sub | patch job.sub",
            "packhorse condor check --json job.sub | jq -r '.findings[].rule'"
        );
        command.SetAction(parsed => self.Run(parsed));
        return command;
    }

    private int Run(ParseResult parsed)
    {
        SubmitFile file = SubmitFile.Read(parsed.GetValue(_file)!);
        var tools = new CondorTools(EnvironmentVariables.SearchPath, EnvironmentVariables.ByName);
        var options = new CheckOptions { IsInteractive = parsed.GetValue(_interactive) };
        if (!parsed.GetValue(_noPool))
        {
            options = options with { AskPool = tools.CountSlots };
        }
        IReadOnlyList<Finding> findings = SubmitChecker.Check(file, options);
        if (parsed.GetValue(_json))
        {
            _terminal.Out.WriteLine(JsonOutput.Write("packhorse/condor-check/1", json => Write(json, findings)));
        }
        else
        {
            // A diff alone is what patch wants on standard output.
            bool asDiff = parsed.GetValue(_diff);
            Print(asDiff ? _terminal.Error : _terminal.Out, findings);
            if (asDiff)
            {
                _terminal.Out.Write(Difference.Of(file, SubmitChecker.Fix(file, options)));
            }
        }
        return (int)(
            findings.Any(finding => finding.Severity == Severity.Error) ? ExitClass.FindingsFound : ExitClass.Ok
        );
    }

    internal static void Print(TextWriter output, IReadOnlyList<Finding> findings)
    {
        foreach (Finding finding in findings)
        {
            string severity = finding.Severity == Severity.Error ? "error" : "warning";
            output.WriteLine(
                Printable.Text(
                    $"{finding.File}:{finding.Line}: {severity}: {finding.Reason} [{finding.Rule}]\n    fix: {finding.Fix}"
                )
            );
        }
        int errors = findings.Count(finding => finding.Severity == Severity.Error);
        output.WriteLine(
            findings.Count == 0 ? "nothing found" : $"{errors} errors, {findings.Count - errors} warnings"
        );
    }

    private static void Write(Utf8JsonWriter json, IReadOnlyList<Finding> findings)
    {
        json.WriteStartArray("findings");
        foreach (Finding finding in findings)
        {
            json.WriteStartObject();
            json.WriteString("rule", finding.Rule);
            json.WriteString("file", finding.File);
            json.WriteNumber("line", finding.Line);
            json.WriteString("severity", finding.Severity == Severity.Error ? "error" : "warning");
            json.WriteString("reason", finding.Reason);
            json.WriteString("fix", finding.Fix);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
