using System.Globalization;
using System.Text;
using Packhorse.Condor.Submit;
using Packhorse.Publish;

namespace Packhorse.Condor.Init;

/// <summary>Writes the files of a job: a submit file, the script that it runs, what submits it, and a page on them.</summary>
public static class JobFiles
{
    private const string ScriptResource = "Packhorse.Condor.Init.job.sh";
    private static readonly (string, string) Hash = ("# ", "");

    /// <summary>What makes condor_submit start a session of one job; the macros mean something to files of ours.</summary>
    public static IReadOnlyList<string> InteractiveArguments { get; } =
    ["-interactive", $"{InteractiveMacros.Interactive}=true", $"{InteractiveMacros.Jobs}=1"];

    public static IReadOnlyList<JobFile> Plan(JobRequest request)
    {
        string name = request.Name;
        return
        [
            JobFile.Make($"{name}.sub", SubmitText.Write(request), isProgram: false, Hash),
            JobFile.Make($"{name}.sh", Script(request), isProgram: true, Hash),
            JobFile.Make("submit.sh", Submit(request), isProgram: true, Hash),
            JobFile.Make("interact.sh", Interact(request), isProgram: true, Hash),
            JobFile.Make($"{name}.README.md", JobPage.Write(request), isProgram: false, ("<!-- ", " -->")),
        ];
    }

    private static string Script(JobRequest request)
    {
        using Stream stream =
            typeof(JobFiles).Assembly.GetManifestResourceStream(ScriptResource)
            ?? throw new InvalidOperationException($"the resource {ScriptResource} is missing");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        EnvironmentFacts facts = request.Facts;
        string start = facts.IsImage && request.Start == JobStart.Mount ? "mount" : "auto";
        string root = facts.Root is { } known ? $", which hold the root {known}" : "";
        return reader
            .ReadToEnd()
            .Replace("@FOOTER@", facts.IsImage ? "of an image" : "only of an image", StringComparison.Ordinal)
            .Replace("@ROOT@", root, StringComparison.Ordinal)
            .Replace("@ARCHIVE@", ShellText.Quote(request.ArchiveName), StringComparison.Ordinal)
            .Replace("@PROGRAM_BYTES@", Text(facts.ProgramBytes), StringComparison.Ordinal)
            .Replace("@PROGRAM_SHA256@", facts.ProgramSha256.ToString(), StringComparison.Ordinal)
            .Replace("@FOOTER_SHA256@", request.FooterSha256 ?? "", StringComparison.Ordinal)
            .Replace("@UNPACKED_KIB@", Text(Requests.UnpackedKibibytes(request)), StringComparison.Ordinal)
            .Replace("@VERIFY@", Requests.VerifiesFirst(request) ? "first" : "reading", StringComparison.Ordinal)
            .Replace("@START@", start, StringComparison.Ordinal)
            .Replace("@NAME@", request.Name, StringComparison.Ordinal)
            // The command comes last: whatever stands in it is not looked at.
            .Replace("@COMMAND@", string.Join(' ', request.Command.Select(ShellText.Quote)), StringComparison.Ordinal);
    }

    private static string Submit(JobRequest request) =>
        $"""
            #!/bin/sh
            # Submits the jobs, from any directory. With packhorse on this machine: packhorse condor submit {request.Name}.sub checks them before.
            set -eu
            cd "$(dirname "$0")"
            exec condor_submit "$@" {request.Name}.sub

            """;

    private static string Interact(JobRequest request) =>
        $"""
            #!/bin/sh
            # A shell on a node, in the environment, with the same files and requests as a job.
            set -eu
            cd "$(dirname "$0")"
            exec condor_submit {string.Join(' ', InteractiveArguments)} "$@" {request.Name}.sub

            """;

    internal static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
